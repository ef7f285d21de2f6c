// Whether this PowerPC is no server: on a QorIQ the same type numbers belong to the vendor's PAMU driver.
//
// Its SDK 2.0 answers 1 for type 7 and its SDK 1.4 for type 2. Setting the type there opens the device's
// boot-time window before GET_INFO can fail, so the device tree is looked at first
// (Documentation/devicetree/bindings/powerpc/fsl/pamu.txt).

import type { KernelPort } from "@iommukit/core";

const ROOT = "/proc/device-tree";

/** True where the device tree has a PAMU. */
export function hasPamu(port: KernelPort): boolean {
  return children(port, ROOT, "soc").some((soc) =>
    [...children(port, soc, "iommu"), ...children(port, soc, "pamu")].some((node) => {
      const compatible = port.readText(`${node}/compatible`);
      return typeof compatible === "string" && compatible.split("\0").includes("fsl,pamu");
    }),
  );
}

function children(port: KernelPort, folder: string, name: string): readonly string[] {
  const found = port.list(folder);
  if (typeof found === "number") return [];
  return found
    .filter((each) => each === name || each.startsWith(`${name}@`))
    .map((each) => `${folder}/${each}`);
}
