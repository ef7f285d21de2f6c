// a group that joins is not enabled

import type { Mutant } from "../mutant.ts";

export const PAMU_LATE_GROUP_OFF: Mutant = {
  name: "pamu-late-group-off",
  family: "pamu",
  where: "backend",
  bug: "a group that joins is not enabled",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/session.ts",
    find: 'groupJoined: (engine: ExtensionContext): void => enableAgain("attach", calls, engine),',
    replace: 'groupJoined: (engine: ExtensionContext): void => engine.assertUsable("attach"),',
  },
};
