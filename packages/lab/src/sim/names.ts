// The simulated hosts by name; apart from the machines, so that a list costs no import.

export const SIMULATED = [
  { name: "sim/vtd", summary: "simulated x86-64 host, Intel VT-d" },
  { name: "sim/amdvi", summary: "simulated x86-64 host, AMD-Vi" },
  { name: "sim/powernv", summary: "simulated POWER9 host, sPAPR TCE, 4 KiB pages" },
  { name: "sim/powernv-64k", summary: "simulated POWER9 host, sPAPR TCE, 64 KiB pages" },
  { name: "sim/pseries", summary: "simulated POWER LPAR, sPAPR TCE, huge pages" },
  { name: "sim/pamu", summary: "simulated 64-bit big-endian QorIQ T4240, PAMU" },
] as const;

export type SimulatedName = (typeof SIMULATED)[number]["name"];
