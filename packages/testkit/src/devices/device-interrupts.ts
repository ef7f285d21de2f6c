// How one device signals: as a level on INTA, or as a message once software turned MSI on.
//
// The message travels over the bus like any write, so an IOMMU sees it; a device that may not master
// the bus cannot send one (PCI Local Bus 3.0, 6.8). INTx needs no bus mastering.

import type { DmaBus } from "../memory/bus.ts";
import type { ConfigSpace } from "./config-space.ts";
import type { DeviceInterrupt } from "./dma-device.ts";

export class DeviceInterrupts {
  readonly #bus: DmaBus;
  readonly #requester: number;
  readonly #config: ConfigSpace;
  #listener: (interrupt: DeviceInterrupt) => void = () => undefined;

  constructor(bus: DmaBus, requester: number, config: ConfigSpace) {
    this.#bus = bus;
    this.#requester = requester;
    this.#config = config;
  }

  connect(listener: (interrupt: DeviceInterrupt) => void): void {
    this.#listener = listener;
  }

  raise(): void {
    const msi = this.#config.msi;
    if (msi !== undefined) {
      this.#message(msi.address, msi.data);
      return;
    }
    this.#config.showInterrupt(true);
    if (!this.#config.intxDisabled) this.#listener({ kind: "intx", asserted: true });
  }

  /** Ends the level; a message has no end. */
  lower(): void {
    if (this.#config.msi !== undefined) return;
    this.#config.showInterrupt(false);
    this.#listener({ kind: "intx", asserted: false });
  }

  #message(address: bigint, value: number): void {
    if (!this.#config.busMaster) return;
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, value, true);
    this.#bus.dmaWrite(this.#requester, address, data);
    this.#listener({ kind: "msi", vector: 0 });
  }
}
