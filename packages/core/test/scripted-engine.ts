// A container engine over a scripted session: it was opened already, and its kernel says yes.

import { iova } from "../src/address/address.ts";
import { ContainerEngine } from "../src/container/engine.ts";
import type { BackendSession, IommuBackend } from "../src/contract/backend.ts";
import type { DmaWindow } from "../src/contract/dma-window.ts";
import { MemoryTable } from "../src/memory/memory-table.ts";
import type { KernelPort } from "../src/port/kernel-port.ts";
import { scriptedPort } from "./scripted-port.ts";

export const PAGE = 4096;
export const WINDOW: DmaWindow = {
  kind: "fixed",
  start: iova(0),
  last: iova(0xffff_ffffn),
  pageSize: PAGE,
  hardwarePageSizes: 4096n,
};

export function scriptedSession(more: Partial<BackendSession> = {}): BackendSession {
  return {
    capabilities: { isolation: { offered: true }, "interrupt-isolation": { offered: true } },
    readWindows: () => [WINDOW],
    readMappingsAvailable: () => undefined,
    map: () => undefined,
    mapAsync: () => Promise.resolve(),
    unmap: () => undefined,
    ...more,
  };
}

export function scriptedBackend(name: string, open: () => BackendSession): IommuBackend {
  return { name, probe: () => ({ usable: true }), open };
}

/** Group 2 is in it, with descriptor 12; the container's own is 3. */
export function scriptedEngine(
  session: BackendSession,
  script: Partial<KernelPort> = {},
): ContainerEngine {
  const port = scriptedPort({ ioctl: () => 0, close: () => 0, ...script });
  const groups = [{ id: 2, fd: 12 }];
  const context = { port, container: 3, groups: () => groups.map((group) => group.id) };
  const backend = scriptedBackend("scripted", () => session);
  const negotiation = { chosen: backend.name, refused: [] };
  const terms = { required: {}, accepted: [] };
  return new ContainerEngine(
    context,
    new MemoryTable(),
    groups,
    { backend, session, negotiation },
    terms,
  );
}
