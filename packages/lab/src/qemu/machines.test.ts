import { describe, expect, test } from "vitest";
import { CHANNELS, kernelCommandLine, qemuArguments } from "./machine.ts";
import { MACHINES, machineFor } from "./machines.ts";

const BOOT = { kernelImage: "/k/vmlinuz", initramfs: "/i/initramfs" };

/** The values of an option, in order. */
function values(args: readonly string[], option: string): string[] {
  return args.flatMap((word, at) => (word === option ? [args[at + 1] ?? ""] : []));
}

describe("machineFor", () => {
  test("default", () => {
    expect(machineFor("vtd").target).toBe("vtd");
    expect(machineFor("qemu/virtio-iommu").target).toBe("virtio-iommu");
  });

  test("error: target-unknown, naming those that there are", () => {
    expect(() => machineFor("vt-d")).toThrow(
      expect.objectContaining({
        code: "target-unknown",
        hint: "there are: vtd, amdvi, virtio-iommu",
      }),
    );
  });
});

describe("the IOMMU under test", () => {
  test("vtd", () => {
    const args = qemuArguments(machineFor("vtd"), BOOT);
    expect(values(args, "-M")).toEqual(["q35,kernel-irqchip=split"]);
    expect(values(args, "-device")[0]).toBe("intel-iommu,intremap=on,caching-mode=on");
    expect(values(args, "-append")[0]).toContain("intel_iommu=on");
  });

  test("amdvi", () => {
    const args = qemuArguments(machineFor("amdvi"), BOOT);
    expect(values(args, "-device")[0]).toBe("amd-iommu,intremap=on");
    expect(values(args, "-append")[0]).toContain("amd_iommu=on");
  });

  test("virtio-iommu: before the endpoints, with interrupts declared unsafe", () => {
    const machine = machineFor("virtio-iommu");
    expect(values(qemuArguments(machine, BOOT), "-device")[0]).toBe("virtio-iommu-pci,addr=0x3");
    expect(machine.modules[0]?.name).toBe("virtio_iommu");
    expect(machine.modules.find(({ name }) => name === "vfio_iommu_type1")?.parameters).toBe(
      "allow_unsafe_interrupts=1",
    );
  });
});

describe.each(MACHINES.map((machine) => [machine.target, machine] as const))("%s", (_, machine) => {
  const args = qemuArguments(machine, BOOT);

  test("is emulated, on one processor, without a display, and does not reboot", () => {
    expect(values(args, "-accel")).toEqual(["tcg,thread=multi"]);
    expect(values(args, "-smp")).toEqual(["1"]);
    expect(values(args, "-display")).toEqual(["none"]);
    expect(args).toEqual(expect.arrayContaining(["-no-reboot", "-nodefaults"]));
    expect(args.join(" ")).not.toContain("kvm");
  });

  test("boots what it is given", () => {
    expect(values(args, "-kernel")).toEqual(["/k/vmlinuz"]);
    expect(values(args, "-initrd")).toEqual(["/i/initramfs"]);
  });

  test("shares the root read-only", () => {
    expect(values(args, "-fsdev")[0]).toMatch(/^local,.*path=\/,.*readonly=on/);
  });

  test("has two devices to assign, at the addresses that it states", () => {
    expect(machine.assignable.filter(({ kind }) => kind === "edu")).toHaveLength(2);
    for (const { address, device } of machine.assignable) {
      const [, slot] = /^0000:00:([0-9a-f]{2})\.0$/.exec(address) ?? [];
      expect(device).toContain(`addr=0x${slot},`);
      expect(values(args, "-device")).toContain(device);
    }
  });

  test("has a channel for each stream, the console being a serial line", () => {
    expect(values(args, "-chardev")).toEqual(
      Object.entries(CHANNELS).map(([name, fd]) => `socket,id=${name},fd=${fd}`),
    );
    expect(values(args, "-serial")).toEqual(["chardev:console"]);
    const ports = values(args, "-device").filter((device) => device.startsWith("virtserialport"));
    expect(ports).toHaveLength(3);
  });

  test("behavior: more arguments come last, more kernel words too", () => {
    const more = qemuArguments(machine, {
      ...BOOT,
      qemuArguments: ["-device", "nvme"],
      kernelArguments: ["iommu.strict=1"],
    });
    expect(more.slice(-2)).toEqual(["-device", "nvme"]);
    expect(values(more, "-append")[0]).toMatch(/ iommu\.strict=1$/);
    expect(kernelCommandLine(machine)).toMatch(/^console=\S+ panic=-1 /);
  });
});
