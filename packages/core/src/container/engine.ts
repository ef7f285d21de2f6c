// One container at work: its groups, its ledger, its devices, and the order in which it closes.
//
// Rule CL1: what the user opened is closed exactly once, in this order: mappings, registrations,
// devices, groups, container (invariants I24, I25). Every step is tried though one before it failed.

import type { BackendSession, ProbeContext } from "../contract/backend.ts";
import type { CapabilityRecord } from "../contract/capabilities.ts";
import type {
  Container,
  ContainerControl,
  ContainerState,
  Negotiation,
} from "../contract/container.ts";
import type { Device } from "../contract/device.ts";
import type { DirtyTracking } from "../contract/dirty.ts";
import type { DmaPath } from "../contract/dma-path.ts";
import type { WindowControl } from "../contract/dma-window.ts";
import type { ExtensionKey } from "../contract/extension.ts";
import type { AddressUpdate } from "../contract/live-update.ts";
import type { MemoryControl } from "../contract/memory.ts";
import { openDevice } from "../device/open-device.ts";
import { createDirtyTracking, DirtyTracker } from "../dirty/tracker.ts";
import { createDmaPath, type Enabled, type Lease, removeEverything } from "../dma/dma-engine.ts";
import { Ledger } from "../dma/ledger.ts";
import { IommuError } from "../errors/base.ts";
import { createAddressUpdate } from "../live-update/address-update.ts";
import type { MemoryTable } from "../memory/memory-table.ts";
import {
  createMemoryControl,
  forgetRegistered,
  type RegistrationList,
} from "../memory/register.ts";
import type { Negotiated, NegotiationTerms } from "../negotiation/negotiate.ts";
import { createContainerControl } from "./control.ts";
import { Extensions } from "./extensions.ts";
import { closeGroup, type GroupHandle, unsetContainer } from "./group-handle.ts";
import { StateMachine } from "./state.ts";
import { createWindowControl } from "./windows.ts";

export class ContainerEngine implements Container {
  readonly control: ContainerControl;
  readonly windows: WindowControl;
  readonly memory: MemoryControl;
  readonly dma: DmaPath;
  readonly dirty: DirtyTracking;
  readonly addresses: AddressUpdate;

  readonly context: ProbeContext;
  readonly machine: StateMachine = new StateMachine();
  readonly groups: GroupHandle[];
  readonly devices: Set<Device> = new Set();
  readonly registrations: RegistrationList = [];
  readonly negotiated: Negotiated;
  readonly terms: NegotiationTerms;
  readonly memoryTable: MemoryTable;
  readonly tracker: DirtyTracker;
  readonly #extensions: Extensions = new Extensions(this);
  #negotiation: Negotiation;
  #session: BackendSession;
  #ledger: Ledger;
  /** What `enabled` answers, made once for each session: it is asked for every map and unmap. */
  #enabled: Enabled;
  /** Calls that are inside the kernel off the event loop. */
  #held = 0;

  constructor(
    context: ProbeContext,
    memory: MemoryTable,
    groups: GroupHandle[],
    negotiated: Negotiated,
    terms: NegotiationTerms,
  ) {
    this.context = context;
    this.groups = groups;
    this.terms = terms;
    this.negotiated = negotiated;
    this.#negotiation = negotiated.negotiation;
    this.memoryTable = memory;
    this.tracker = new DirtyTracker(context.port, (operation) => this.enabled(operation));
    this.#session = negotiated.session;
    this.#ledger = this.#newLedger(negotiated.session);
    this.#enabled = this.#newEnabled();
    this.machine.move("attached");
    this.machine.move("enabled");
    this.control = createContainerControl(this);
    this.windows = createWindowControl(this);
    this.memory = createMemoryControl(this);
    this.dma = createDmaPath((operation) => this.enabled(operation));
    this.dirty = createDirtyTracking(this.tracker);
    this.addresses = createAddressUpdate((operation) => this.enabled(operation));
  }

  get state(): ContainerState {
    return this.machine.state;
  }

  get backend(): string {
    return this.#negotiation.chosen;
  }

  get negotiation(): Negotiation {
    return this.#negotiation;
  }

  get capabilities(): CapabilityRecord {
    return this.#session.capabilities;
  }

  /** The session and its ledger, or `closed` or `wrong-state`: asked before every call. */
  enabled(operation: string): Enabled {
    if (this.machine.state !== "enabled") this.machine.require(operation, "enabled");
    return this.#enabled;
  }

  extension<T>(key: ExtensionKey<T>): T {
    return this.#extensions.get(key);
  }

  readMappingsAvailable(): number | undefined {
    return this.enabled("readMappingsAvailable").session.readMappingsAvailable();
  }

  openDevice(address: string): Device {
    this.machine.require("openDevice", "enabled");
    const device = openDevice(this.context.port, this.groups, address, (closed) =>
      this.devices.delete(closed),
    );
    this.devices.add(device);
    return device;
  }

  /** A new IOMMU type was set after the container had lost its last group. */
  renew(session: BackendSession): void {
    // The new ledger asks the kernel: when that fails, the container must still be without a group.
    this.#ledger = this.#newLedger(session);
    this.#session = session;
    this.#enabled = this.#newEnabled();
    // Another version of the backend may have opened for the groups that came this time.
    if (session.negotiation !== undefined) this.#negotiation = session.negotiation;
    this.machine.move("attached");
    this.machine.move("enabled");
  }

  /** The kernel dropped everything with the last group. Answers how many mappings there were. */
  drop(): number {
    const dropped = this.#forget();
    this.machine.move("opened");
    return dropped;
  }

  close(): void {
    if (this.machine.state === "closed") return;
    this.machine.move("closed");
    // Linux takes no lock between a map that runs and the group that leaves (vfio_fops_unl_ioctl,
    // drivers/vfio/container.c), so while a chunk is in the kernel its container may not go (CC5).
    if (this.#held === 0) this.#tearDown();
  }

  #hold(): Lease {
    this.#held++;
    let held = true;
    return {
      isClosing: () => this.machine.state === "closed",
      release: () => {
        if (!held) return;
        held = false;
        this.#held--;
        if (this.#held === 0 && this.machine.state === "closed") this.#tearDown();
      },
    };
  }

  #tearDown(): void {
    const failures: unknown[] = [];
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    };
    attempt(() => removeEverything(this.#session, this.#ledger));
    // Memory that a mapping still stands on stays registered: sPAPR would orphan its pages.
    if (this.#ledger.count === 0)
      for (const { address, size } of this.registrations.toReversed())
        attempt(() => this.#session.unregister?.(address, size));
    for (const device of [...this.devices]) attempt(() => device.close());
    attempt(() => this.#session.close?.());
    for (const group of this.groups.toReversed()) {
      attempt(() => unsetContainer(this.context.port, group));
      attempt(() => closeGroup(this.context.port, group));
    }
    attempt(() => this.#closeContainer());
    attempt(() => this.tracker.release());
    // The kernel has nothing of this container any more, even where a step was refused.
    this.#forget();
    if (failures.length > 0) throw closeFailed(failures);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Why a mapping with access `write` may not be made, or undefined. */
  writeOnlyRefused(session: BackendSession = this.#session): string | undefined {
    if (this.terms.accepted.includes("write-implies-read")) return undefined;
    const status = session.capabilities["write-only"];
    if (status === undefined) return "the backend does not say that it prevents it";
    return status.offered ? undefined : status.reason;
  }

  #forget(): number {
    for (const registration of this.registrations.splice(0))
      forgetRegistered(this.memoryTable, registration);
    return this.#ledger.clear();
  }

  #closeContainer(): void {
    const result = this.context.port.close(this.context.container);
    if (result !== 0)
      throw new IommuError({
        code: "kernel-refused",
        operation: "close",
        sentence: "closing the container failed",
        facts: { result },
      });
  }

  #newEnabled(): Enabled {
    return { session: this.#session, ledger: this.#ledger, hold: () => this.#hold() };
  }

  #newLedger(session: BackendSession): Ledger {
    const ledger = new Ledger({
      memory: this.memoryTable,
      needsRegistration: session.register !== undefined,
      writeOnlyRefused: () => this.writeOnlyRefused(session),
      mappingLimit: session.readMappingsAvailable(),
      hostBits: this.context.port.abi.wordBits,
      removed: (entry) => this.tracker.lose(entry),
    });
    ledger.setWindows(session.readWindows());
    return ledger;
  }
}

function closeFailed(failures: readonly unknown[]): IommuError {
  return new IommuError({
    code: "close-failed",
    operation: "close",
    sentence: `${failures.length} steps of closing a container failed; the others were done`,
    facts: { failures: failures.map((failure) => String(failure)) },
    cause: new AggregateError(failures, "steps of closing a container"),
  });
}
