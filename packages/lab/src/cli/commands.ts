// The commands, as data.

import type { CommandSpec, OptionSpec } from "./command.ts";

const KERNEL: readonly OptionSpec[] = [
  { flags: "--kernel <image>", description: "Boot this kernel instead of the one set up (QEMU)" },
  { flags: "--modules <dir>", description: "Its modules, as in /lib/modules/RELEASE" },
];

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: "--json", description: "Print JSON for programs" },
  { flags: "--verbose", description: "Show where errors come from" },
];

export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "demo",
    description: "Show DMA that is allowed and DMA that is blocked, on simulated hosts",
    options: [],
    examples: ["demo"],
    load: async () => (await import("./demo.ts")).runDemo,
  },
  {
    usage: "targets",
    description: "List the targets, what they need, and whether they are ready here",
    options: [],
    examples: ["targets --json"],
    load: async () => (await import("./targets.ts")).runTargetsCommand,
  },
  {
    usage: "setup [...targets]",
    description: "Fetch what targets need: kernels, into the user's cache",
    options: [
      {
        flags: "--mirror <url>",
        description: "The Debian mirror to use (default: this machine's)",
      },
      { flags: "--refresh", description: "Look for a newer kernel although one is set up" },
      ...KERNEL,
    ],
    examples: ["setup qemu/vtd qemu/amdvi qemu/virtio-iommu"],
    load: async () => (await import("./setup.ts")).runSetup,
  },
  {
    usage: "run <file>",
    description: "Run a program on one target or several, and report its facts",
    options: [
      { flags: "--on <targets>", description: "Targets, separated by commas" },
      {
        flags: "--timeout <seconds>",
        description: "For each target, boot included (default: 120)",
      },
      { flags: "--seed <n>", description: "Decides what simulated hosts leave to chance" },
      ...KERNEL,
    ],
    examples: ["run program.ts --on sim/vtd,qemu/vtd", "run program.ts --on sim/amdvi --json"],
    load: async () => (await import("./run.ts")).runRun,
  },
  {
    usage: "abi",
    description: "Print VFIO's ioctl numbers, structs and constants on an architecture",
    options: [
      { flags: "--arch <arch>", description: "x86_64, ppc64le, ppc64 or ppc32" },
      {
        flags: "--header <version>",
        description: "6.1 or 6.12 (default: as the installed headers)",
      },
    ],
    examples: ["abi --arch ppc64le --json"],
    load: async () => (await import("./abi.ts")).runAbi,
  },
  {
    usage: "doctor",
    description: "Tell what this machine's own VFIO lacks, and the remedy for each",
    options: [],
    examples: ["doctor"],
    load: async () => (await import("./doctor.ts")).runDoctor,
  },
];
