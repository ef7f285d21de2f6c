// A device bound to vfio-pci: what all of its open files share.
//
// type1.md 5.2. The first open takes bus mastering away and tries a reset; the last close takes
// everything back, so that nothing a user programmed survives.

import { EINVAL, ENODEV } from "./errno.ts";
import {
  BAR0,
  CAP_MSI,
  COMMAND,
  COMMAND_IO,
  COMMAND_MASTER,
  COMMAND_MEMORY,
  findCapability,
  MSI_ADDRESS,
  MSI_LENGTH,
  readWord,
  writeWord,
} from "./pci/config-layout.ts";
import type { PciDevice } from "./pci/pci-device.ts";
import { VirtualConfig } from "./vfio-config.ts";
import type { VfioGroup } from "./vfio-group.ts";
import { DeviceInterrupts, type MessageRoom } from "./vfio-interrupts.ts";
import type { IoEventFd } from "./vfio-ioeventfd.ts";
import { DevicePower } from "./vfio-power.ts";

export class VfioDevice {
  readonly pci: PciDevice;
  readonly interrupts: DeviceInterrupts;
  readonly power: DevicePower = new DevicePower();
  readonly ioEventFds: IoEventFd[] = [];
  #config: VirtualConfig;
  #group: VfioGroup | null = null;
  #saved: Uint8Array = new Uint8Array(0);
  #openFiles = 0;

  constructor(pci: PciDevice) {
    this.pci = pci;
    this.interrupts = new DeviceInterrupts(pci.function, messageRoom(pci));
    this.#config = new VirtualConfig(pci.function);
  }

  get config(): VirtualConfig {
    return this.#config;
  }

  get isOpen(): boolean {
    return this.#openFiles > 0;
  }

  /** Whether the reset at the first open worked. */
  get canReset(): boolean {
    return this.pci.function.reset !== undefined;
  }

  /** Where the host put a BAR; what the user writes there is emulated. */
  barAddress(index: number): number {
    const place = BAR0 + 4 * index;
    const [low, high] = [
      readWord(this.pci.function, place),
      readWord(this.pci.function, place + 2),
    ];
    return high * 0x1_0000 + (low & 0xfff0);
  }

  /** One more open file: 0 or -errno. */
  open(group: VfioGroup): number {
    if (this.#openFiles === 0) {
      if (group.container?.driver == null) return -EINVAL;
      this.#enable();
      this.#group = group;
      group.containerUsers += 1;
      group.openedFile?.hold();
    }
    this.#openFiles += 1;
    return 0;
  }

  /** One open file less; the last one shuts the device down and lets go of its group. */
  close(): void {
    this.#openFiles -= 1;
    const group = this.#group;
    if (this.#openFiles > 0 || group === null) return;
    this.#disable();
    this.#group = null;
    group.containerUsers -= 1;
    group.openedFile?.drop();
  }

  /** VFIO_DEVICE_RESET: the function forgets its state, configuration space comes back. */
  reset(): number {
    const reset = this.pci.function.reset;
    if (reset === undefined) return -EINVAL;
    const saved = this.#saveConfig();
    reset();
    this.#restoreConfig(saved);
    return 0;
  }

  #enable(): void {
    const device = this.pci.function;
    const decode = device.bars.reduce((bits, bar) => bits | decodeBit(bar), 0);
    writeWord(device, COMMAND, (readWord(device, COMMAND) & ~COMMAND_MASTER) | decode);
    device.reset?.();
    writeWord(device, COMMAND, (readWord(device, COMMAND) & ~COMMAND_MASTER) | decode);
    this.#saved = this.#saveConfig();
    this.#config = new VirtualConfig(device);
    this.interrupts.opened(this.#config);
  }

  #disable(): void {
    this.interrupts.closed();
    this.power.exit();
    for (const { eventFd } of this.ioEventFds.splice(0)) eventFd.drop();
    const device = this.pci.function;
    writeWord(device, COMMAND, readWord(device, COMMAND) & ~COMMAND_MASTER);
    device.reset?.();
    this.#restoreConfig(this.#saved);
    writeWord(device, COMMAND, readWord(device, COMMAND) & ~COMMAND_MASTER);
  }

  #saveConfig(): Uint8Array {
    const device = this.pci.function;
    return Uint8Array.from({ length: device.configSize }, (_, at) => device.readConfig(at));
  }

  /** BARs and MSI first, then COMMAND: nothing decodes or sends what is not yet its own. */
  #restoreConfig(saved: Uint8Array): void {
    const device = this.pci.function;
    const restore = (first: number, end: number): void => {
      for (let place = first; place < end; place += 4)
        device.writeConfig(place, saved.subarray(place, place + 4));
    };
    restore(BAR0, BAR0 + 24);
    const msi = findCapability(device, CAP_MSI);
    if (msi !== 0) {
      restore(msi + MSI_ADDRESS, msi + MSI_LENGTH);
      restore(msi, msi + MSI_ADDRESS);
    }
    device.writeConfig(COMMAND, saved.subarray(COMMAND, COMMAND + 2));
  }
}

/** The IOMMU's own interrupt controller, where it has one. */
function messageRoom({ group: { iommu }, requester }: PciDevice): MessageRoom | undefined {
  if (iommu.messageTarget === undefined) return undefined;
  return {
    take: (vectors) => iommu.messageTarget?.(requester, vectors) ?? -ENODEV,
    giveBack: () => iommu.releaseMessages?.(requester),
  };
}

function decodeBit(bar: { readonly length: number; readonly kind: "memory" | "io" }): number {
  if (bar.length === 0) return 0;
  return bar.kind === "io" ? COMMAND_IO : COMMAND_MEMORY;
}
