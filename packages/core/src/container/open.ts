// Opens a container: node, groups, negotiation; undone in reverse when a step fails.

import type { OpenContainerOptions } from "../contract/container.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import { IommuError } from "../errors/base.ts";
import type { MemoryTable } from "../memory/memory-table.ts";
import { negotiate } from "../negotiation/negotiate.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import { isGroupNumber } from "./control.ts";
import { ContainerEngine } from "./engine.ts";
import {
  closeGroup,
  type GroupHandle,
  openGroup,
  setContainer,
  unsetContainer,
} from "./group-handle.ts";
import { openVfioContainer } from "./vfio-container.ts";

/** See `Iommu.openContainer`. */
export function openContainer(
  port: KernelPort,
  memory: MemoryTable,
  options: OpenContainerOptions,
): ContainerEngine {
  checkOptions(options);
  const undo = new UndoStack();
  try {
    const container = openVfioContainer(port);
    undo.push(() => port.close(container));
    // The engine adds and removes groups in this same list, which backends ask through the context.
    const groups = options.groups.map((id) => joinGroup(port, container, id, undo));
    const context = { port, container, groups: () => groups.map((group) => group.id) };
    const reset = (): void => rejoin(port, container, groups);
    const accepted = options.accept ?? [];
    const terms = { required: options.require ?? {}, accepted, reset };
    const negotiated = negotiate(options.backends, context, terms);
    const engine = new ContainerEngine(context, memory, groups, negotiated, accepted);
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

function checkOptions({ groups, backends }: OpenContainerOptions): void {
  const problem = optionsProblem(groups, backends);
  if (problem === undefined) return;
  throw new IommuError({ code: "invalid-argument", operation: "openContainer", sentence: problem });
}

function optionsProblem(
  groups: readonly unknown[],
  backends: readonly unknown[],
): string | undefined {
  if (!Array.isArray(groups) || groups.length === 0)
    return "openContainer needs at least one group";
  for (const group of groups)
    if (!isGroupNumber(group)) return `${String(group)} is no group number`;
  if (new Set(groups).size !== groups.length) return "a group is listed twice";
  if (!Array.isArray(backends) || backends.length === 0)
    return "openContainer needs at least one backend, for example type1()";
  return undefined;
}
