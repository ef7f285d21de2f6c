// The simulated hosts by name; apart from the machines, so that a list costs no import.

export const SIMULATED = [
  { name: "sim/vtd", summary: "simulated x86-64 host, Intel VT-d" },
  { name: "sim/amdvi", summary: "simulated x86-64 host, AMD-Vi" },
] as const;

export type SimulatedName = (typeof SIMULATED)[number]["name"];
