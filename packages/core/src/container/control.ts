// Adds groups to a container and takes them out.

import type { ContainerControl } from "../contract/container.ts";
import { stillMapping } from "../dma/refusals.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import { IommuError } from "../errors/base.ts";
import type { ContainerEngine } from "./engine.ts";
import { closeGroup, openGroup, setContainer, unsetContainer } from "./group-handle.ts";

export function createContainerControl(engine: ContainerEngine): ContainerControl {
  return Object.freeze({
    get groups(): readonly number[] {
      return engine.groups.map((group) => group.id);
    },
    attach: (group: number): void => attach(engine, group),
    detach: (group: number): { readonly mappingsDropped: number } => detach(engine, group),
  });
}

function attach(engine: ContainerEngine, id: number): void {
  engine.machine.require("attach", "opened", "enabled");
  if (!isGroupNumber(id)) throw notAGroup("attach", `${String(id)} is no group number`);
  if (engine.groups.some((group) => group.id === id))
    throw notAGroup("attach", `group ${id} is in this container already`);
  const { port, container } = engine.context;
  const undo = new UndoStack();
  try {
    const group = openGroup(port, id);
    undo.push(() => closeGroup(port, group));
    setContainer(port, group, container);
    undo.push(() => unsetContainer(port, group));
    refresh(engine);
    engine.groups.push(group);
    undo.commit();
  } catch (error) {
    throw undone(error, undo.unwind());
  }
}

/** Windows may shrink with a group; a container that had lost its last group needs its type again. */
function refresh(engine: ContainerEngine): void {
  if (engine.state === "enabled") {
    const { session, ledger } = engine.enabled("attach");
    ledger.setWindows(session.readWindows());
    return;
  }
  const session = engine.negotiated.backend.open(engine.context);
  engine.machine.move("attached");
  engine.renew(session);
}

function detach(engine: ContainerEngine, id: number): { readonly mappingsDropped: number } {
  engine.machine.require("detach", "enabled");
  const group = engine.groups.find((each) => each.id === id);
  if (group === undefined)
    throw notAGroup("detach", `group ${String(id)} is not in this container`);
  if (engine.groups.length === 1 && engine.enabled("detach").ledger.pending > 0)
    throw stillMapping("detach");
  unsetContainer(engine.context.port, group);
  engine.groups.splice(engine.groups.indexOf(group), 1);
  try {
    return { mappingsDropped: forget(engine) };
  } finally {
    // The group is out already: a kernel that does not tell its windows must not cost a descriptor.
    closeGroup(engine.context.port, group);
  }
}

/** What the kernel dropped with a group: everything with the last one, nothing before. */
function forget(engine: ContainerEngine): number {
  if (engine.groups.length === 0) return engine.drop();
  const { session, ledger } = engine.enabled("detach");
  ledger.setWindows(session.readWindows());
  return 0;
}

function notAGroup(operation: string, sentence: string): IommuError {
  return new IommuError({ code: "invalid-argument", operation, sentence });
}

/** Group numbers are the kernel's `int`, not negative. */
export function isGroupNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
