// The bus addresses that are interrupts on every PC: 0xfee0_0000 to 0xfeef_ffff.
//
// A write there is a message for an interrupt controller and never memory, whatever the page tables
// say (VT-d 3.14 "Handling Requests to Interrupt Address Range"; AMD IOMMU 2.1.4, MSI range).

/** Hot, so with numbers instead of names: V8 takes a module's constants for variables. Exact for every frame number up to 2^52. */
export function isInterruptFrame(frame: number): boolean {
  return frame >= 0xfee00 && frame <= 0xfeeff;
}
