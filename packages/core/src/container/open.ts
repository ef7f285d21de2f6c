// Opens a container: node, groups, negotiation; undone in reverse when a step fails.

import type { OpenContainerOptions } from "../contract/container.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import type { MemoryTable } from "../memory/memory-table.ts";
import { negotiate } from "../negotiation/negotiate.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import { ContainerEngine } from "./engine.ts";
import {
  closeGroup,
  type GroupHandle,
  openGroup,
  setContainer,
  unsetContainer,
} from "./group-handle.ts";
import { checkedOptions } from "./options.ts";
import { openVfioContainer } from "./vfio-container.ts";

/** See `Iommu.openContainer`. */
export function openContainer(
  port: KernelPort,
  memory: MemoryTable,
  given: OpenContainerOptions,
): ContainerEngine {
  const options = checkedOptions(given);
  const undo = new UndoStack();
  try {
    const container = openVfioContainer(port);
    undo.push(() => port.close(container));
    // The engine adds and removes groups in this same list, which backends ask through the context.
    const groups = options.groups.map((id) => joinGroup(port, container, id, undo));
    const context = {
      port,
      container,
      groups: () => groups.map((group) => group.id),
      accepted: options.accept,
    };
    const reset = (): void => rejoin(port, container, groups);
    const terms = { required: options.require, accepted: options.accept };
    const negotiated = negotiate(options.backends, context, terms, reset);
    const engine = new ContainerEngine(context, memory, groups, negotiated, terms);
    undo.commit();
    return engine;
  } catch (error) {
    throw undone(error, undo.unwind());
  }
}

function joinGroup(port: KernelPort, container: number, id: number, undo: UndoStack): GroupHandle {
  const group = openGroup(port, id);
  undo.push(() => closeGroup(port, group));
  setContainer(port, group, container);
  undo.push(() => unsetContainer(port, group));
  return group;
}

/** Takes all groups out and puts them back: the kernel forgets the IOMMU type with the last one. */
function rejoin(port: KernelPort, container: number, groups: readonly GroupHandle[]): void {
  for (const group of groups) unsetContainer(port, group);
  for (const group of groups) setContainer(port, group, container);
}
