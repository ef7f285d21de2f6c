import { describe, expect, test } from "vitest";
import { BLOCKED, INTERRUPT_MESSAGE } from "../iommu-hardware.ts";
import { H_PARAMETER, H_SUCCESS, RTAS_HARDWARE, RTAS_PARAMETER } from "./papr-codes.ts";
import { PaprHypervisor } from "./papr-hypervisor.ts";

const RID = 0x10;
const PHB = 2;
const DEFAULT = 0x8000_0200;
const BIT_59 = 2 ** 47;

function machine(hypervisor: PaprHypervisor = new PaprHypervisor()) {
  hypervisor.plug(RID, PHB);
  const reads = (frame: number): number => hypervisor.translateFrame(RID, frame, "read");
  return { hypervisor, reads };
}

describe("TCEs", () => {
  test("H_PUT_TCE and H_GET_TCE: offsets in the page are ignored, the ends are not", () => {
    const { hypervisor, reads } = machine();
    expect(hypervisor.putTce(DEFAULT, 0x1234, 0x5_5000 + 3)).toBe(H_SUCCESS);
    expect(hypervisor.getTce(DEFAULT, 0x1000)).toBe(0x5_5003);
    expect(reads(1)).toBe(0x55);
    expect(hypervisor.putTce(DEFAULT, 2 ** 30, 3)).toBe(H_PARAMETER);
    expect(hypervisor.putTce(DEFAULT + 1, 0, 3)).toBe(H_PARAMETER);
    expect(hypervisor.getTce(0x1234, 0)).toBe(H_PARAMETER);
  });

  test("permissions are kept as they are: what may be written cannot be read", () => {
    const { hypervisor, reads } = machine();
    hypervisor.putTce(DEFAULT, 0, 0x5_5000 + 2);
    expect(hypervisor.translateFrame(RID, 0, "write")).toBe(0x55);
    expect(reads(0)).toBe(BLOCKED);
    expect(hypervisor.takeFaults().map(({ reason }) => reason)).toEqual(["TCE access fault"]);
  });

  test("outside of every window, and messages", () => {
    const { hypervisor, reads } = machine();
    expect([reads(2 ** 18), reads(BIT_59), reads(2 ** 30)]).toEqual([
      BLOCKED,
      BLOCKED,
      INTERRUPT_MESSAGE,
    ]);
    expect(hypervisor.lastFault?.reason).toBe("address outside the windows of the PE");
  });
});

describe("windows", () => {
  test("the second one lies at bit 59; a third is a hardware error", () => {
    const { hypervisor, reads } = machine();
    expect(hypervisor.queryWindows(PHB)).toMatchObject({ status: 0, windowsFree: 1 });
    const window = hypervisor.createWindow(PHB, 16, 30);
    expect(window).toEqual({ status: 0, liobn: DEFAULT + 1, firstFrame: BIT_59 });
    hypervisor.putTce(window.liobn, 2 ** 59 + 0x1_0000, 0x70_0000 + 3);
    expect(reads(BIT_59 + 16 + 5)).toBe(0x705);
    expect(hypervisor.createWindow(PHB, 16, 30).status).toBe(RTAS_HARDWARE);
    expect(hypervisor.removeWindow(window.liobn)).toBe(0);
    expect(reads(BIT_59 + 16)).toBe(BLOCKED);
    expect(hypervisor.removeWindow(window.liobn)).toBe(RTAS_PARAMETER);
  });

  test("page sizes that are not offered, and windows smaller than a page or of 2^32 entries", () => {
    const { hypervisor } = machine();
    expect(hypervisor.createWindow(PHB, 13, 30).status).toBe(RTAS_PARAMETER);
    expect(hypervisor.createWindow(PHB, 24, 20).status).toBe(RTAS_PARAMETER);
    expect(hypervisor.createWindow(PHB, 12, 44).status).toBe(RTAS_HARDWARE);
  });

  test("without the default window a new one lies at 0, and reset brings the default back", () => {
    const { hypervisor, reads } = machine();
    hypervisor.putTce(DEFAULT, 0, 0x5_5003);
    expect(hypervisor.removeWindow(DEFAULT)).toBe(0);
    expect(hypervisor.createWindow(PHB, 21, 36)).toEqual({
      status: 0,
      liobn: DEFAULT,
      firstFrame: 0,
    });
    hypervisor.resetWindows(PHB);
    expect(hypervisor.queryWindows(PHB).windowsFree).toBe(1);
    expect(reads(0)).toBe(BLOCKED);
  });

  test("a default window of another size ends there, also when it comes back", () => {
    const { hypervisor, reads } = machine(new PaprHypervisor(2 ** 26));
    const ends = () => [
      hypervisor.putTce(DEFAULT, 2 ** 26 - 1, 0x5_5003),
      hypervisor.putTce(DEFAULT, 2 ** 26, 0x5_5003),
      reads(2 ** 14 - 1),
      reads(2 ** 14),
    ];
    expect(ends()).toEqual([H_SUCCESS, H_PARAMETER, 0x55, BLOCKED]);
    hypervisor.resetWindows(PHB);
    expect(reads(2 ** 14 - 1)).toBe(BLOCKED);
    expect(ends()).toEqual([H_SUCCESS, H_PARAMETER, 0x55, BLOCKED]);
  });

  test("removing the last window brings the default one back", () => {
    const { hypervisor, reads } = machine();
    const dynamic = hypervisor.createWindow(PHB, 16, 30);
    hypervisor.removeWindow(DEFAULT);
    hypervisor.removeWindow(dynamic.liobn);
    hypervisor.putTce(DEFAULT, 0x3000, 0x5_5003);
    expect(reads(3)).toBe(0x55);
  });
});
