// The controls of one session, made when the first of them is asked for.

import type { ByteSize, Iova } from "../address/address.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { ExtensionContext, ExtensionKey, ExtensionMap } from "../contract/extension.ts";
import { IommuError } from "../errors/base.ts";
import type { ContainerEngine } from "./engine.ts";

/**
 * Makes the key of one kind of control. Keys are compared by identity: make each once.
 *
 * @example `export const EEH: ExtensionKey<Eeh> = extensionKey("EEH");`
 */
export function extensionKey<T>(name: string): ExtensionKey<T> {
  return Object.freeze({ name });
}

/** The extensions of an engine: those of the session that is in force when they are asked for. */
export class Extensions {
  readonly #engine: ContainerEngine;
  #session: BackendSession | undefined;
  #map: ExtensionMap = new Map();

  constructor(engine: ContainerEngine) {
    this.#engine = engine;
  }

  get<T>(key: ExtensionKey<T>): T {
    const { session } = this.#engine.enabled("extension");
    if (this.#session !== session) {
      this.#map = session.extensions?.(extensionContext(this.#engine, session)) ?? new Map();
      this.#session = session;
    }
    if (!this.#map.has(key)) throw notOffered(this.#engine.backend, key);
    return this.#map.get(key) as T; // cast: only the package that made the key puts a value under it
  }
}

/** What the engine lends to this session's own controls, for as long as it is in force. */
export function extensionContext(
  engine: ContainerEngine,
  session: BackendSession,
): ExtensionContext {
  const enabled = (operation: string): ReturnType<ContainerEngine["enabled"]> => {
    const now = engine.enabled(operation);
    if (now.session !== session) throw outlived(operation);
    return now;
  };
  return Object.freeze({
    assertUsable: (operation: string): void => {
      enabled(operation);
    },
    mappings: () => enabled("mappings").ledger.mappings(),
    findFree: (size: ByteSize) => enabled("findFree").ledger.findFree(size, undefined, undefined),
    reserve: (iova: Iova, size: ByteSize, what: string): void =>
      enabled("reserve").ledger.reserve(iova, size, what),
    adopt: ({ iova, host, size, access }: Mapping): void =>
      enabled("adopt").ledger.add(iova, host, size, access),
    release: (iova: Iova): void => enabled("release").ledger.release(iova),
  });
}

function notOffered(backend: string, key: ExtensionKey<unknown>): IommuError {
  return new IommuError({
    code: "not-offered",
    operation: "extension",
    sentence: `the backend ${backend} has no ${key.name}`,
    facts: { extension: key.name },
  });
}

function outlived(operation: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: the container lost its last group and was opened anew since`,
    hint: "ask the container for the extension again",
  });
}
