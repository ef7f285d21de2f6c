// /dev/vfio/vfio: groups, the IOMMU type chosen for them, and who answers later commands.
//
// type1.md 1.2, 1.3, 1.5 and 1.8. Closing the file changes nothing while groups remain attached.

import * as command from "./decode/commands.ts";
import type { ContainerDriver, ContainerDriverType } from "./drivers/driver.ts";
import { EINVAL, ENODEV } from "./errno.ts";
import type { IommuGroup } from "./iommu-group.ts";
import { type IoctlCall, OpenFile } from "./open-file.ts";

const API_VERSION = 0;

export class ContainerFile extends OpenFile {
  readonly kind = "container";
  readonly label = "/dev/vfio/vfio";
  readonly #types: readonly ContainerDriverType[];
  /** Most recently attached first: the order in which SET_IOMMU attaches. */
  readonly #groups: IommuGroup[] = [];
  #driver: ContainerDriver | null = null;

  /** `types` are the registered IOMMU types, newest registration first. */
  constructor(types: readonly ContainerDriverType[]) {
    super();
    this.#types = types;
  }

  get driver(): ContainerDriver | null {
    return this.#driver;
  }

  override commandName(command: number): string | undefined {
    return this.#driver?.commandName?.(command);
  }

  override ioctl(call: IoctlCall): number {
    switch (call.command) {
      case command.GET_API_VERSION:
        return API_VERSION;
      case command.CHECK_EXTENSION:
        return this.#checkExtension(call.argument.register);
      case command.SET_IOMMU:
        return this.#setIommu(call.argument.register);
      default:
        return this.#driver === null ? -EINVAL : this.#driver.ioctl(call);
    }
  }

  /** Claims a group's DMA and takes the group in: 0 or -errno, and then nothing has changed. */
  attach(group: IommuGroup): number {
    const claimed = group.claim();
    if (claimed !== 0) return claimed;
    const attached = this.#driver === null ? 0 : this.#driver.attachGroup(group);
    if (attached !== 0) {
      group.release();
      return attached;
    }
    this.#groups.unshift(group);
    this.hold();
    return 0;
  }

  /** The last group takes the IOMMU with it, and all its mappings. */
  detach(group: IommuGroup): void {
    this.#driver?.detachGroup(group);
    group.release();
    this.#groups.splice(this.#groups.indexOf(group), 1);
    if (this.#groups.length === 0) this.#driver = null;
    this.drop();
  }

  protected released(): void {
    // Nothing to free: the last reference goes only after the last group has gone.
  }

  #checkExtension(value: number): number {
    if (this.#driver !== null) return this.#driver.checkExtension(value);
    for (const type of this.#types) {
      const answer = type.checkExtension(value);
      if (answer > 0) return answer;
    }
    return 0;
  }

  #setIommu(value: number): number {
    if (this.#groups.length === 0 || this.#driver !== null) return -EINVAL;
    let refusal = -ENODEV;
    for (const type of this.#types) {
      if (type.checkExtension(value) <= 0) continue;
      const driver = type.open(value);
      refusal = typeof driver === "number" ? driver : this.#attachAll(driver);
      if (typeof driver !== "number" && refusal === 0) {
        this.#driver = driver;
        return 0;
      }
    }
    return refusal;
  }

  #attachAll(driver: ContainerDriver): number {
    const done: IommuGroup[] = [];
    for (const group of this.#groups) {
      const errno = driver.attachGroup(group);
      if (errno !== 0) {
        for (const attached of done.reverse()) driver.detachGroup(attached);
        return errno;
      }
      done.push(group);
    }
    return 0;
  }
}
