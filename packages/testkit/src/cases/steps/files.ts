// Calls on containers and groups: open, close, attach, choose an IOMMU type.

import { answer, descriptor, hex } from "../answer.ts";
import { type Bench, CONTAINER, GROUP } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { cString, readField, struct } from "../encode.ts";

export function openContainer(name: string): Step {
  return step(`open(/dev/vfio/vfio) as ${name}`, "fd", (bench) =>
    descriptor(bench.open(name, "/dev/vfio/vfio")),
  );
}

/** Opens the group of the nth device under a name. */
export function openGroup(name: string, index: number, expected = "fd"): Step {
  return step(`open(/dev/vfio/N${index}) as ${name}`, expected, (bench) =>
    descriptor(bench.openGroup(name, bench.device(index).group)),
  );
}

export function close(name: string, expected = "0"): Step {
  return step(`close(${name})`, expected, (bench) => answer(bench.close(name)));
}

/** `container` is a name, or a number that stands for itself. */
export function setContainer(group: string, container: string | number, expected: string): Step {
  return step(`SET_CONTAINER(${group}, ${container})`, expected, (bench) =>
    answer(
      bench.setContainer(group, typeof container === "number" ? container : bench.fd(container)),
    ),
  );
}

export function unsetContainer(group: string, expected: string): Step {
  return step(`UNSET_CONTAINER(${group})`, expected, (bench) => answer(bench.call(group, 5)));
}

export function setIommu(value: number, expected: string, container: string = CONTAINER): Step {
  return step(`SET_IOMMU(${value})`, expected, (bench) => answer(bench.call(container, 2, value)));
}

/** CHECK_EXTENSION of several values; the answers in order. */
export function checkExtensions(values: readonly number[], expected: string): Step {
  return step(`CHECK_EXTENSION ${values.join(", ")}`, expected, (bench) =>
    values.map((value) => answer(bench.call(CONTAINER, 1, value))).join(" "),
  );
}

/** A command by its number after VFIO_BASE, with the argument as it is. */
export function rawCall(name: string, command: number, value: number, expected: string): Step {
  return step(`ioctl(${name}, ${hex(0x3b64 + command)}, ${value})`, expected, (bench) =>
    answer(bench.call(name, command, value)),
  );
}

/** Result and flags; flags that the kernel did not write stay 0xeeeeeeee. */
export function groupStatus(group: string, argsz: number, expected: string): Step {
  return step(`GET_STATUS(${group}, argsz ${argsz})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 8, [[0, 4, argsz]], 0xee);
    const rc = bench.call(group, 3, bytes);
    return `${answer(rc)}, flags ${hex(readField(abi, bytes, 4, 4))}`;
  });
}

/** GET_DEVICE_FD with the nth device's name and what follows it; kept as `name`. */
export function openDevice(name: string, expected = "fd", suffix = "", index = 0): Step {
  return step(`GET_DEVICE_FD(device ${index}"${suffix}") as ${name}`, expected, (bench) => {
    const group = index === 0 ? GROUP : `group ${index + 1}`;
    return descriptor(bench.openDevice(name, group, `${bench.device(index).address}${suffix}`));
  });
}

/** GET_DEVICE_FD with any text. */
export function openNamed(text: string, shown: string, expected: string): Step {
  return step(`GET_DEVICE_FD(${shown})`, expected, (bench: Bench) =>
    descriptor(bench.keep("stray device", bench.call(GROUP, 6, cString(text)))),
  );
}
