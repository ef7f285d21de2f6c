// What is hunted, and how a hunt ends.

import type { ExtensionKey, IommuBackend } from "@iommukit/core";
import type { Mutant } from "./mutant.ts";
import type { PamuControls } from "./pamu-cases.ts";

export interface Prey {
  readonly mutant: Mutant;
  readonly backend: () => IommuBackend;
  readonly seed: number;
  /** The key of the controls that only PAMU's backend has; its cases are skipped without one. */
  readonly extension?: ExtensionKey<PamuControls>;
  /** The x86 backend that POWER's programs are compared with. */
  readonly reference?: () => IommuBackend;
  /** Steps of histories before the next hunter tries. Default 6,000. */
  readonly steps?: number;
  /** Whether the fault sweep, which takes longest, has its turn. Default it has. */
  readonly sweep?: "no";
}

export interface Kill {
  readonly killed: boolean;
  /** `histories`, a conformance case, or `fault sweep`. */
  readonly by: string;
  /** The law that broke, where one did. */
  readonly law: string;
  /** Histories, cases or injected runs before it was noticed. */
  readonly sequences: number;
  readonly why: string;
}
