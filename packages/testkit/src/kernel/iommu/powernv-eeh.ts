// EEH of a PE on bare metal: the kernel's view over firmware's freeze states.
//
// arch/powerpc/kernel/eeh.c and platforms/powernv/eeh-powernv.c of Linux 6.12: the mapping of states,
// and which errors can be injected.

import {
  DMA_FREEZE,
  MMIO_DMA_FREEZE,
  MMIO_FREEZE,
  NOT_FROZEN,
  type Opal,
  RESET,
} from "../../hardware/tce/opal.ts";
import { EINVAL, EIO, ERANGE } from "../errno.ts";
import {
  EEH_DMA_STOPPED,
  EEH_NORMAL,
  EEH_RESET,
  EEH_STOPPED,
  EEH_UNAVAILABLE,
  type EehOption,
  type EehPe,
  type EehReset,
  type InjectedError,
} from "./eeh.ts";

const LAST_FUNCTION = 19;
const FLOATING = 0xff;

export class PowernvEeh implements EehPe {
  readonly #opal: Opal;
  readonly #pe: number;
  /** What a load sees while a reset is asserted: zeros in QEMU, ones elsewhere. */
  readonly #resetByte: number;
  #asserted: boolean = false;

  constructor(opal: Opal, pe: number, resetByte: number) {
    this.#opal = opal;
    this.#pe = pe;
    this.#resetByte = resetByte;
  }

  option(option: EehOption): number {
    const state = this.#opal.freezeStatus(this.#pe);
    if (option === "enable") return state === NOT_FROZEN ? 0 : this.#thaw(MMIO_DMA_FREEZE);
    if (option === "thaw-io") return this.#thaw(MMIO_FREEZE);
    if (option === "thaw-dma") return this.#thaw(DMA_FREEZE);
    return 0;
  }

  state(): number {
    switch (this.#opal.freezeStatus(this.#pe)) {
      case NOT_FROZEN:
        return EEH_NORMAL;
      case MMIO_FREEZE:
        return EEH_UNAVAILABLE;
      case DMA_FREEZE:
        return EEH_DMA_STOPPED;
      case RESET:
        return EEH_RESET;
      default:
        return EEH_STOPPED;
    }
  }

  /** A reset freezes the PE first, so that nothing of it is heard; its end thaws it. */
  reset(reset: EehReset): number {
    if (reset === "deactivate") {
      this.#asserted = false;
      return this.#thaw(MMIO_DMA_FREEZE);
    }
    this.#opal.freezeSet(this.#pe, MMIO_DMA_FREEZE);
    this.#asserted = true;
    return 0;
  }

  configure(): number {
    return 0;
  }

  inject({ type, func }: InjectedError): number {
    if (func > LAST_FUNCTION) return -EINVAL;
    if (type !== 0 && type !== 1) return -ERANGE;
    return this.#opal.injectError(this.#pe, type, func) === 0 ? 0 : -EIO;
  }

  silence(): number | undefined {
    if (this.#asserted) return this.#resetByte;
    return (this.#opal.freezeStatus(this.#pe) & MMIO_FREEZE) === 0 ? undefined : FLOATING;
  }

  #thaw(what: number): number {
    const answer = this.#opal.freezeClear(this.#pe, what);
    return answer === 0 && (this.#opal.freezeStatus(this.#pe) & what) === 0 ? 0 : -EIO;
  }
}
