// A device of a group: its regions, read and written through the kernel.

/** One region of a device, from VFIO_DEVICE_GET_REGION_INFO. */
export interface RegionInfo {
  readonly index: number;
  /** Bytes; 0 when the region does not exist. */
  readonly size: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly mappable: boolean;
  /** Where the region begins in the device's descriptor. */
  readonly offset: bigint;
}

/** An open device. Offsets and lengths are bytes inside a region. */
export interface Device {
  readonly address: string;
  /** From VFIO_DEVICE_GET_INFO: `pci`, `platform`, … or `unknown`. */
  readonly bus: string;
  readonly resettable: boolean;
  readonly regionCount: number;
  readonly interruptCount: number;
  /** Valid errors: `closed`, `invalid-argument`, `region-access`, `kernel-misbehaved`. */
  region(index: number): RegionInfo;
  /** Reads all of `into` or throws. Valid errors: `closed`, `region-access`. */
  readRegion(index: number, offset: number, into: Uint8Array): void;
  /** Writes all of `from` or throws. Valid errors: `closed`, `region-access`. */
  writeRegion(index: number, offset: number, from: Uint8Array): void;
  /** VFIO_DEVICE_RESET. Valid errors: `closed`, `not-offered`, `kernel-refused`. */
  reset(): void;
  close(): void;
  [Symbol.dispose](): void;
}
