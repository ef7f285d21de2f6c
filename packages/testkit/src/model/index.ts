// @iommukit/testkit/model: histories of a backend on simulated machines, held to the laws.

export { type Command, type CommandKind, command } from "./command.ts";
export { COMMANDS } from "./commands/index.ts";
export { HistoryFailed, type HistoryRun, historyOf, runHistory } from "./history.ts";
export {
  AMDVI_WINDOWS,
  HISTORY_MACHINES,
  type HistoryMachine,
  LPAR_HISTORY_MACHINES,
  POWER_HISTORY_MACHINES,
  VTD_WINDOWS,
} from "./machines.ts";
export {
  Model,
  ModelContainer,
  type ModelMapping,
  type ModelMemory,
  type ModelPage,
  type ModelWindow,
  type Pages,
} from "./model.ts";
export type { Expectation, Outcome, Refusal } from "./outcome.ts";
export { type HistoriesOptions, type HistoriesReport, runHistories } from "./run-histories.ts";
export { type ArmedFault, type ClosingStep, WatchedPort } from "./watched-port.ts";
export { type LiveContainer, type LiveMemory, World } from "./world.ts";
