// Adds groups to a container and takes them out.

import type { BackendSession } from "../contract/backend.ts";
import type { ContainerControl } from "../contract/container.ts";
import { stillTracking } from "../dirty/refusals.ts";
import { toMapping } from "../dma/entry.ts";
import { stillMapping } from "../dma/refusals.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import { IommuError } from "../errors/base.ts";
import { invalidAddresses } from "../live-update/refusals.ts";
import { unmetTerms } from "../negotiation/negotiate.ts";
import type { ContainerEngine } from "./engine.ts";
import { extensionContext } from "./extensions.ts";
import { closeGroup, openGroup, setContainer, unsetContainer } from "./group-handle.ts";
import { isGroupNumber } from "./options.ts";

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
  if (engine.state === "enabled") checkJoin(engine);
  const { port, container } = engine.context;
  const undo = new UndoStack();
  try {
    const group = openGroup(port, id);
    undo.push(() => closeGroup(port, group));
    undo.push(() => leftAgain(engine));
    setContainer(port, group, container);
    undo.push(() => unsetContainer(port, group));
    engine.groups.push(group);
    undo.push(() => engine.groups.pop());
    joinSession(engine);
    undo.commit();
  } catch (error) {
    throw undone(error, undo.unwind());
  }
}

function checkJoin(engine: ContainerEngine): void {
  const { session, ledger } = engine.enabled("attach");
  if (session.oneGroup !== undefined)
    throw new IommuError({
      code: "not-offered",
      operation: "attach",
      sentence: `attach refused: ${session.oneGroup}`,
      hint: "open a container for each group, and map in each",
    });
  if (ledger.invalid > 0) throw invalidAddresses("attach");
}

/**
 * Windows and capabilities may shrink with a group, and a container that had lost its last group needs
 * its type again. What the caller demanded and did not accept at first still holds (CL6).
 */
function joinSession(engine: ContainerEngine): void {
  if (engine.state === "opened") {
    const session = engine.negotiated.backend.open(engine.context);
    checkTerms(engine, session);
    engine.renew(session);
    return;
  }
  refreshWindows(engine);
  const { session, ledger } = engine.enabled("attach");
  checkTerms(engine, session);
  const reason = engine.writeOnlyRefused();
  if (reason !== undefined && ledger.mappings().some(({ access }) => access === "write"))
    throw weaker([`write-only: ${reason}, and mappings with access write are live`]);
  session.groupJoined?.(extensionContext(engine, session));
}

/** The group that joined is out again: the others' mappings and windows are as before. */
function leftAgain(engine: ContainerEngine): void {
  if (engine.state === "enabled") mapAgain(engine);
  refreshWindows(engine);
}

function refreshWindows(engine: ContainerEngine): void {
  if (engine.state !== "enabled") return;
  const { session, ledger } = engine.enabled("attach");
  ledger.setWindows(session.readWindows());
}

function checkTerms(engine: ContainerEngine, session: BackendSession): void {
  const unmet = unmetTerms(session, engine.terms);
  if (unmet.length > 0) throw weaker(unmet);
}

function weaker(reasons: readonly string[]): IommuError {
  return new IommuError({
    code: "not-offered",
    operation: "attach",
    sentence: `attach refused: with this group the container would not offer what it was opened for\n  ${reasons.join("\n  ")}`,
  });
}

function detach(engine: ContainerEngine, id: number): { readonly mappingsDropped: number } {
  engine.machine.require("detach", "enabled");
  const group = engine.groups.find((each) => each.id === id);
  if (group === undefined)
    throw notAGroup("detach", `group ${String(id)} is not in this container`);
  const { session, ledger } = engine.enabled("detach");
  const wiped = engine.groups.length === 1 || session.wipedByDetach === true;
  if (wiped && ledger.pending > 0) throw stillMapping("detach");
  if (engine.groups.length === 1 && engine.tracker.active) throw stillTracking("detach");
  unsetContainer(engine.context.port, group);
  engine.groups.splice(engine.groups.indexOf(group), 1);
  try {
    return { mappingsDropped: forget(engine) };
  } finally {
    // The group is out already: a kernel that does not tell its windows must not cost a descriptor.
    closeGroup(engine.context.port, group);
  }
}

/** What the kernel dropped with a group: everything with the last one, before that what it cannot make again. */
function forget(engine: ContainerEngine): number {
  if (engine.groups.length === 0) return engine.drop();
  const { session, ledger } = engine.enabled("detach");
  // Kernels before 5.10.24 forgot what the group's devices had written (Populate full dirty when
  // detach non-pinned group); later ones report every page once. So do we.
  for (const entry of ledger.entries()) engine.tracker.lose(entry);
  const lost = mapAgain(engine);
  ledger.setWindows(session.readWindows());
  return lost;
}

/**
 * Linux 6.12 clears every TCE of a shared container when one of its groups leaves (tce_iommu_release_ownership,
 * drivers/vfio/vfio_iommu_spapr_tce.c), so what the others' devices reach is mapped again. Answers how many
 * mappings could not be; the ledger has forgotten those.
 */
function mapAgain(engine: ContainerEngine): number {
  const { session, ledger } = engine.enabled("detach");
  if (session.wipedByDetach !== true) return 0;
  let lost = 0;
  for (const entry of ledger.entries()) {
    const { iova, host, size, access } = toMapping(entry);
    try {
      session.map(iova, host, size, access);
    } catch {
      ledger.removeAll([entry]);
      lost++;
    }
  }
  return lost;
}

function notAGroup(operation: string, sentence: string): IommuError {
  return new IommuError({ code: "invalid-argument", operation, sentence });
}
