import { describe, expect, test } from "vitest";
import { CHANNELS, isForeign, kernelCommandLine, qemuArguments } from "./machine.ts";
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
        hint: "there are: vtd, amdvi, virtio-iommu, powernv9, powernv9-64k, pseries",
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

describe("POWER", () => {
  test.each(["powernv9", "powernv9-64k"])("%s: each edu behind a PHB of its own", (name) => {
    const machine = machineFor(name);
    const devices = values(qemuArguments(machine, BOOT), "-device");
    for (const [index, { address, device }] of machine.assignable.entries()) {
      const phb = index + 1;
      expect(address).toBe(`000${phb}:01:00.0`);
      expect(device).toContain(`bus=pcie.${phb},`);
      expect(devices).toContain(`pnv-phb,chip-id=0,index=${phb},id=phb${phb}`);
      expect(devices).toContain(`pnv-phb-root-port,bus=phb${phb},id=pcie.${phb}`);
    }
    // Beside each, what keeps VFIO from resetting the bus.
    for (const phb of [1, 2]) expect(devices).toContain(`pci-testdev,bus=pcie.${phb},addr=0x0.1`);
    const serving = devices.filter((device) => device.includes("bus=pcie.0"));
    for (const device of serving) expect(device).toContain("iommu_platform=on");
  });

  test("pseries: each edu behind a host bridge of its own, and huge pages", () => {
    const machine = machineFor("pseries");
    const args = qemuArguments(machine, BOOT);
    for (const [index, { address, device }] of machine.assignable.entries()) {
      expect(address).toBe(`000${index + 1}:00:00.0`);
      expect(device).toContain(`bus=phb${index + 1}.0,`);
    }
    expect(values(args, "-device").filter((device) => device.includes("host-bridge"))).toEqual([
      "spapr-pci-host-bridge,index=1,id=phb1",
      "spapr-pci-host-bridge,index=2,id=phb2",
    ]);
    expect(values(args, "-append")[0]).toContain("hugepagesz=2M hugepages=");
  });

  test("behavior: kernels differ by page size only", () => {
    const { kernelPackage: four, ...small } = machineFor("powernv9");
    const { kernelPackage: sixtyFour, ...large } = machineFor("powernv9-64k");
    expect([four, sixtyFour]).toEqual(["linux-image-powerpc64le", "linux-image-powerpc64le-64k"]);
    expect({ ...large, target: "", summary: "" }).toEqual({ ...small, target: "", summary: "" });
  });
});

describe("a guest of another processor", () => {
  test("default: has its own root as a second share", () => {
    const args = qemuArguments(machineFor("pseries"), { ...BOOT, ownRoot: "/cache/a,b" });
    expect(values(args, "-fsdev")).toEqual([
      "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
      "local,id=own,path=/cache/a,,b,security_model=none,readonly=on,multidevs=remap",
    ]);
    expect(values(args, "-device")).toContain(
      "virtio-9p-pci,bus=pci.0,addr=0x7,fsdev=own,mount_tag=own",
    );
  });

  test("behavior: is one whose processor is not this machine's", () => {
    expect(isForeign(machineFor("pseries"), "x64")).toBe(true);
    expect(isForeign(machineFor("pseries"), "ppc64")).toBe(false);
    expect(isForeign(machineFor("vtd"), "x64")).toBe(false);
    expect(isForeign(machineFor("vtd"), "arm64")).toBe(true);
  });
});

describe.each(MACHINES.map((machine) => [machine.target, machine] as const))("%s", (_, machine) => {
  const args = qemuArguments(machine, BOOT);

  test("counts its instructions when it is told to, in one thread", () => {
    const counting = qemuArguments(machine, { ...BOOT, clock: "instructions" });
    expect(values(counting, "-accel")).toEqual(["tcg,thread=single"]);
    expect(values(counting, "-icount")).toEqual(["shift=0,sleep=off"]);
  });

  test("is emulated, on one processor, without a display, and does not reboot", () => {
    expect(values(args, "-accel")).toEqual(["tcg,thread=multi"]);
    expect(values(args, "-icount")).toEqual([]);
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
      const [, slot = ""] = /^[0-9a-f]{4}:[0-9a-f]{2}:([0-9a-f]{2})\.0$/.exec(address) ?? [];
      expect(device).toMatch(new RegExp(`addr=0x${slot.replace(/^0(?=0)/, "")}(\\.0)?,`));
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
