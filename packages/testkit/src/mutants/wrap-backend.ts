// Puts a bug into a backend's session, whatever backend it is.

import type { BackendSession, IommuBackend, KernelPort } from "@iommukit/core";

type Changes = { -readonly [name in keyof BackendSession]?: BackendSession[name] };

/** The backend whose sessions differ from `honest` in what the mutant changes. */
export function withSession(
  backend: IommuBackend,
  change: (honest: BackendSession) => Changes,
): IommuBackend {
  return {
    name: backend.name,
    probe: (context) => backend.probe(context),
    open(context) {
      const honest = backend.open(context);
      const changes = change(honest);
      const session = { ...honest, ...changes };
      // Asked each time, as the honest session is: what it offers changes with its groups.
      Object.defineProperty(session, "capabilities", {
        get: () => changes.capabilities ?? honest.capabilities,
      });
      return session;
    },
  };
}

/** The backend on a port that it should not have been given. */
export function withPort(
  backend: IommuBackend,
  change: (port: KernelPort) => KernelPort,
): IommuBackend {
  return {
    name: backend.name,
    probe: (context) => backend.probe(context),
    open: (context) => backend.open({ ...context, port: change(context.port) }),
  };
}
