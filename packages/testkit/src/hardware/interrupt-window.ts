// The bus addresses that are interrupts on every PC: 0xfee0_0000 to 0xfeef_ffff.
//
// A write there is a message for an interrupt controller and never memory, whatever the page tables
// say (VT-d 3.14 "Handling Requests to Interrupt Address Range"; AMD IOMMU 2.1.4, MSI range).

const FIRST_FRAME = 0xfee00;
const FRAMES = 0x100;

/** Hot. Exact for every frame number up to 2^52. */
export function isInterruptFrame(frame: number): boolean {
  return frame >= FIRST_FRAME && frame < FIRST_FRAME + FRAMES;
}
