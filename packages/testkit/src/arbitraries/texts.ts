// Texts of sysfs and procfs as no kernel should write them: paths, other bases, NULs, huge numbers.

import fc from "fast-check";

const PIECES: readonly string[] = [
  "2",
  "0",
  "-1",
  "4294967296",
  "2147483648",
  "99999999999999999999",
  "1e3",
  "0x10",
  " 2",
  "2\n",
  "..",
  "../",
  "/",
  "\0",
  "0000:00:02.0",
  "0000:00:02.0/..",
  "vfio-pci",
  "iommu_group",
  "dmar0",
  "ivhd0",
  "virtio0/iommu/x",
  "٣",
  "\ud800",
  "VmLck:\t     100 kB\n",
  "VmLck:\t-1 kB\n",
  "Max locked memory         8388608              8388608              bytes     \n",
  "Max locked memory         unlimited            unlimited            bytes     \n",
  "Max locked memory         99999999999999999999999 0 bytes\n",
];

/** A text of such pieces and noise. */
export function hostileText(): fc.Arbitrary<string> {
  const noise = fc.string({ maxLength: 24, unit: "binary" });
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PIECES) }, noise), { maxLength: 6 })
    .map((pieces) => pieces.join(""));
}

/** A directory's names, or an errno in their place. */
export function hostileNames(): fc.Arbitrary<readonly string[] | number> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.array(hostileText(), { maxLength: 6 }) },
    fc.constantFrom(-2, -13, -20),
  );
}
