// IOMMU groups: the smallest set of devices that can be isolated.

/** A member of a group, as sysfs shows it. */
export interface GroupDevice {
  /** PCI address, `dddd:bb:dd.f`, or the device's name on another bus. */
  readonly address: string;
  /** The bound driver's name, or undefined. */
  readonly driver: string | undefined;
  /** Whether this driver keeps the group from being used; a guess from its name, the kernel decides. */
  readonly blocks: boolean;
}

/** A group and its members, as sysfs shows them. */
export interface GroupInfo {
  readonly id: number;
  readonly devices: readonly GroupDevice[];
}
