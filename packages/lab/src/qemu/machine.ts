/**
 * A machine to emulate, as data, and the QEMU command line that it stands for.
 *
 * A description says what differs between targets; what all of them share (emulation without
 * acceleration, the shared root file system, the channels) is added here, once. Hardware
 * acceleration is deliberately not offered: results must not depend on the machine below.
 */

import type { Tool } from "./tools.ts";

export interface ModuleToLoad {
  readonly name: string;
  /** As given to insmod, such as "allow_unsafe_interrupts=1". */
  readonly parameters?: string;
}

/** A device that a program in the guest may take over. */
export interface AssignableDevice {
  readonly kind: "edu" | "nvme";
  /** Its address in the guest, domain included. */
  readonly address: string;
  /** QEMU's -device argument. */
  readonly device: string;
}

export interface Machine {
  readonly target: string;
  /** One line for lists. */
  readonly summary: string;
  readonly qemu: Tool;
  /** As Node's process.arch calls the guest's processor. */
  readonly arch: string;
  readonly debianArchitecture: string;
  readonly kernelPackage: string;
  /** -M, -cpu and -device arguments that must come before all other devices. */
  readonly hardware: readonly string[];
  readonly memoryMiB: number;
  /** The guest's name for its console. */
  readonly console: string;
  readonly kernelArguments: readonly string[];
  /** In the order in which they are to be loaded; what they need is added. */
  readonly modules: readonly ModuleToLoad[];
  readonly assignable: readonly AssignableDevice[];
  /** Where the devices go that serve the guest itself: the share and the channels. */
  readonly shareDevice: string;
  /** The second share: a root of the guest's own, where its processor is not this machine's. */
  readonly rootDevice: string;
  readonly channelDevice: string;
}

/** Whether programs of this machine do not run there, so that the guest needs its own. */
export function isForeign({ arch }: Machine, here: string = process.arch): boolean {
  return arch !== here;
}

/** Descriptors that QEMU inherits, one for each stream that comes out of the guest. */
export const CHANNELS = { status: 3, stdout: 4, stderr: 5, console: 6 } as const;

/** What the guest's first program looks for; the names of its virtio ports. */
export const PORT_NAMES = {
  status: "iommukit.status",
  stdout: "iommukit.stdout",
  stderr: "iommukit.stderr",
} as const;

/** Tags of the shares: this machine's root, and the guest's own that is layered on top of it. */
export const SHARE_TAG = "root";
export const OWN_ROOT_TAG = "own";

/**
 * What a guest's clocks count: this machine's time, or the guest's own instructions, a nanosecond each
 * (QEMU's -icount). Instructions are the same however busy this machine is, and are emulated slower.
 */
export type GuestClock = "host" | "instructions";

export interface Boot {
  readonly kernelImage: string;
  readonly initramfs: string;
  /** The folder that is the guest's own root, for a machine that needs one. */
  readonly ownRoot?: string | undefined;
  /** Default host. */
  readonly clock?: GuestClock | undefined;
  /** More words for the kernel's command line. */
  readonly kernelArguments?: readonly string[];
  /** More arguments for QEMU, after all others. */
  readonly qemuArguments?: readonly string[];
}

export function qemuArguments(machine: Machine, boot: Boot): string[] {
  return [
    ...machine.hardware,
    ...accelerator(boot.clock ?? "host"),
    ...["-smp", "1"],
    ...["-m", String(machine.memoryMiB)],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", boot.kernelImage],
    ...["-initrd", boot.initramfs],
    ...["-append", kernelCommandLine(machine, boot.kernelArguments)],
    ...share({ tag: SHARE_TAG, path: "/", device: machine.shareDevice }),
    ...(boot.ownRoot === undefined
      ? []
      : share({ tag: OWN_ROOT_TAG, path: boot.ownRoot, device: machine.rootDevice })),
    ...channels(machine),
    ...machine.assignable.flatMap(({ device }) => ["-device", device]),
    ...(boot.qemuArguments ?? []),
  ];
}

/** Counting instructions needs devices and processor in one thread. */
function accelerator(clock: GuestClock): string[] {
  if (clock === "host") return ["-accel", "tcg,thread=multi"];
  return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"];
}

/**
 * Words that every guest gets:
 * - panic=-1: a panic ends QEMU at once, given -no-reboot.
 * - loglevel=5: warnings reach the console, where they are evidence; chatter does not.
 * - mitigations=off, cryptomgr.notests, no_timer_check: 0.4 s less to boot under emulation, where
 *   they protect and prove nothing.
 * - rodata=off, initcall_blacklist=jent_mod_init: 0.9 s less on x86, 0.5 s on POWER. The first writes protection of
 *   the kernel's own text into its tables, the second tests a source of entropy that nothing here uses.
 * - watchdog_thresh=60: the largest; a lockup is one of 120 s. An emulated processor stood still for 23 s
 *   beside five busy processes, and the kernel called that a BUG.
 */
export function kernelCommandLine(machine: Machine, more: readonly string[] = []): string {
  return [
    `console=${machine.console}`,
    "panic=-1",
    "loglevel=5",
    "mitigations=off",
    "cryptomgr.notests",
    "no_timer_check",
    "rodata=off",
    "initcall_blacklist=jent_mod_init",
    "watchdog_thresh=60",
    ...machine.kernelArguments,
    ...more,
  ].join(" ");
}

interface Share {
  readonly tag: string;
  readonly path: string;
  readonly device: string;
}

/** Read-only. `remap` because a folder may span file systems with equal inode numbers. */
function share({ tag, path, device }: Share): string[] {
  // QEMU splits options at commas; a doubled one is a comma of the path.
  const folder = path.replaceAll(",", ",,");
  return [
    "-fsdev",
    `local,id=${tag},path=${folder},security_model=none,readonly=on,multidevs=remap`,
    "-device",
    `${device},fsdev=${tag},mount_tag=${tag}`,
  ];
}

/**
 * One virtio port for each stream: kernel messages cannot get in between, and no stream needs
 * framing. The console is a serial line of its own, for the kernel.
 */
function channels({ channelDevice }: Machine): string[] {
  const ports = Object.entries(PORT_NAMES).flatMap(([channel, name], index) => [
    "-device",
    `virtserialport,bus=ports.0,chardev=${channel},nr=${index + 1},name=${name}`,
  ]);
  return [
    ...Object.entries(CHANNELS).flatMap(([name, fd]) => ["-chardev", `socket,id=${name},fd=${fd}`]),
    ...["-serial", "chardev:console"],
    ...["-device", `${channelDevice},id=ports,max_ports=${Object.keys(PORT_NAMES).length + 1}`],
    ...ports,
  ];
}
