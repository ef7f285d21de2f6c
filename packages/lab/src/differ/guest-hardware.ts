// What a guest's machine is made with for differential runs alone.
//
// On pseries Linux clears the default window, one hypercall for each of its pages, when a group comes
// into a container or leaves it. QEMU's 1 GiB has 262,144 of them, and a sequence took 0.5 s; 64 MiB has
// 16,384, and it takes 0.26 s. Sequences need no larger one: they meet both of its ends wherever those
// are, and few of the windows that they make themselves have more pages.

/** Bytes. */
export const PSERIES_DEFAULT_WINDOW = 0x400_0000;

/** More arguments for QEMU. */
export function guestHardware(target: string): readonly string[] {
  if (target !== "qemu/pseries") return [];
  const size = `0x${PSERIES_DEFAULT_WINDOW.toString(16)}`;
  return ["-global", `spapr-pci-host-bridge.dma_win_size=${size}`];
}
