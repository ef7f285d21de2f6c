// PCI addresses as sysfs writes them: `0000:00:02.0`.
//
// For every name that becomes part of a path. Must never accept what the kernel does not print, so
// that no caller's text can leave /sys/bus/pci/devices.
// Rests on pci_setup_device(): "%04x:%02x:%02x.%d", domain of 16 to 32 bits, 32 devices, 8 functions.

import { IommuError } from "@iommukit/core";

// Five to eight digits of domain never begin with 0, since %04x pads to four only.
const ADDRESS = /^(?:[0-9a-f]{4}|[1-9a-f][0-9a-f]{4,7}):[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** Whether a text is a PCI address as the kernel prints it. */
export function isPciAddress(text: unknown): text is string {
  return typeof text === "string" && ADDRESS.test(text);
}

/** Throws `invalid-argument` for anything that is not a full address in lower case. */
export function checkPciAddress(operation: string, text: unknown): asserts text is string {
  if (isPciAddress(text)) return;
  throw new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${typeof text === "string" ? JSON.stringify(text) : typeof text} is not a PCI address`,
    hint: "the form is 0000:00:02.0, with the domain and in lower case",
  });
}
