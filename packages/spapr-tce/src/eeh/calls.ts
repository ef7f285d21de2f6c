// VFIO_EEH_PE_OP, bound once: the state, and each operation where its state allows it.

import { IommuError, type ProbeContext, refusedByKernel } from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import { VFIO_EEH_PE_GET_STATE, VFIO_EEH_PE_OP, vfio_eeh_pe_op } from "../uapi/eeh.ts";
import type { injectionOf } from "./injection.ts";
import { ALLOWED, EEH_NUMBERS, type EehOperation, PE_STATES, type PeState } from "./states.ts";

export interface EehCalls {
  readonly readState: () => PeState;
  /** Does it if the state allows it. */
  readonly perform: (operation: EehOperation, error?: ReturnType<typeof injectionOf>) => void;
}

/** Valid errors of both: `not-offered`, `wrong-state`, `kernel-refused`, `kernel-misbehaved`, `permission-denied`. */
export function bindEeh(context: ProbeContext, usable: (operation: string) => void): EehCalls {
  const { port, container } = context;
  const request = ioctlNumber(port.abi, VFIO_EEH_PE_OP);
  const { set, bytes, clear } = createWriter(vfio_eeh_pe_op, port.abi);
  const call = (operation: string, op: number, error?: ReturnType<typeof injectionOf>): number => {
    usable(operation);
    requireOneGroup(operation, context.groups());
    clear();
    set.argsz(bytes.length);
    set.op(op);
    if (error !== undefined) {
      set.err.type(error.type);
      set.err.func(error.func);
      set.err.addr(error.addr);
      set.err.mask(error.mask);
    }
    return port.ioctl(container, request, bytes);
  };
  const readState = (): PeState => {
    const result = call("readState", VFIO_EEH_PE_GET_STATE);
    const state = PE_STATES.get(result);
    if (state === undefined) throw refused(context, "readState", result);
    return state;
  };
  return {
    readState,
    perform: (operation, error) => {
      const state = readState();
      if (!ALLOWED[state].includes(operation)) throw notNow(operation, state);
      const result = call(operation, EEH_NUMBERS[operation], error);
      if (result !== 0) throw refused(context, operation, result);
    },
  };
}

/** The kernel asks one group after the other and stops at the first answer that is not 0. */
function requireOneGroup(operation: string, groups: readonly number[]): void {
  if (groups.length === 1) return;
  throw new IommuError({
    code: "not-offered",
    operation,
    sentence: `${operation} refused: with ${groups.length} groups the kernel would act on some of them only`,
    facts: { groups: groups.map(String) },
    hint: "open a container for each group that is to be recovered",
  });
}

function notNow(operation: EehOperation, state: PeState): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: the PE is ${state}`,
    facts: { state, allowed: [...ALLOWED[state]] },
  });
}

function refused({ port }: ProbeContext, operation: string, result: number): IommuError {
  return refusedByKernel(port.abi, {
    operation: "VFIO_EEH_PE_OP",
    result,
    sentence: `the kernel did not do ${operation}`,
    facts: { eeh: operation },
    codes: { ENODEV: "not-offered", ENXIO: "not-offered", ERANGE: "not-offered" },
    hints: {
      ENODEV: "the group's device has no PE that the firmware watches",
      ENXIO: "the firmware injects no errors",
      ERANGE: "the firmware does not inject this error",
      EIO: "the firmware could not",
    },
  });
}
