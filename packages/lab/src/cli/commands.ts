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

/** What `plan` takes; `plan.ts` says which backend takes which. */
const PLAN: readonly OptionSpec[] = [
  {
    flags: "--ram <size@address>",
    description: "Guest memory, such as 512M@0 or (spapr) 64G@0:2M; once for each region",
    repeats: true,
  },
  {
    flags: "--contiguity <size>",
    description: "Size of the huge pages that back it: 4M, 16M, 64M, …",
  },
  { flags: "--banks <n>", description: "MSI banks to place: 3 on P-series, 4 on T-series" },
  { flags: "--windows <n>", description: "Windows of the hardware: PAMU 16 or 256, sPAPR 1 or 2" },
  { flags: "--policy <policy>", description: "MSI windows after RAM, or in its holes too" },
  { flags: "--svg <file>", description: "Draw the aperture into this file as well" },
  {
    flags: "--machine <name>",
    description: "powernv9 (default), powernv9-64k, powernv8 or pseries",
  },
  { flags: "--pages <size>", description: "Size of the host's pages behind the memory" },
  { flags: "--lockable <size>", description: "What may still be locked (default: no limit)" },
  { flags: "--placement <where>", description: "any (default), or identity: at its own addresses" },
  { flags: "--page-sizes <sizes>", description: "Window pages offered, such as 4K,64K,2M" },
  { flags: "--levels <n>", description: "Levels offered: 1 to 5" },
  { flags: "--host-page <size>", description: "The kernel's own page: 4K or 64K" },
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
      { flags: "--qemu <words>", description: "More arguments for QEMU, with spaces between them" },
    ],
    examples: ["run program.ts --on sim/vtd,qemu/vtd", "run program.ts --on sim/amdvi --json"],
    load: async () => (await import("./run.ts")).runRun,
  },
  {
    usage: "differ",
    description: "Compare the simulated kernel with a real one, call by call",
    options: [
      { flags: "--on <target>", description: "The real kernel, such as qemu/vtd" },
      { flags: "--sequences <n>", description: "How many generated sequences (default: 300)" },
      { flags: "--seed <n>", description: "Decides what is generated (default: 1)" },
      { flags: "--first <n>", description: "The first sequence's number (default: 0)" },
      { flags: "--sequence <file>", description: "Replay this sequence (JSON) instead" },
      { flags: "--guests <n>", description: "At once (default: 2 from 500 sequences on)" },
      { flags: "--timeout <seconds>", description: "For each boot (default: by the length)" },
      { flags: "--allow-host", description: "Permit --on host" },
      ...KERNEL,
    ],
    examples: [
      "differ --on qemu/vtd --sequences 2000 --seed 1",
      "differ --on qemu/vtd --sequence case.json",
    ],
    load: async () => (await import("./differ.ts")).runDiffer,
  },
  {
    usage: "record <file>",
    description: "Run a program and write down every system call with its answer",
    options: [
      { flags: "--on <target>", description: "Where to run it" },
      { flags: "--out <file>", description: "Where to write it (default: standard output)" },
      { flags: "--timeout <seconds>", description: "Boot included (default: 240)" },
      { flags: "--seed <n>", description: "Decides what simulated hosts leave to chance" },
      ...KERNEL,
    ],
    examples: ["record program.ts --on qemu/vtd --out program.jsonl"],
    load: async () => (await import("./record.ts")).runRecord,
  },
  {
    usage: "replay <recording>",
    description: "Make the calls of a recording again and compare the answers",
    options: [
      { flags: "--on <target>", description: "A simulated machine, or another kernel" },
      { flags: "--timeout <seconds>", description: "Boot included (default: 240)" },
      ...KERNEL,
    ],
    examples: ["replay program.jsonl --on sim/vtd"],
    load: async () => (await import("./replay.ts")).runReplay,
  },
  {
    usage: "plan <backend>",
    description: "Plan the DMA windows of a guest, or say exactly why it cannot be done",
    options: PLAN,
    examples: [
      "plan pamu --ram 512M@0 --contiguity 4M --banks 3",
      "plan spapr --ram 64G@0:2M --lockable 65G --machine pseries",
    ],
    load: async () => (await import("./plan.ts")).runPlan,
  },
  {
    usage: "abi",
    description: "Print VFIO's ioctl numbers, structs and constants on an architecture",
    options: [
      { flags: "--arch <arch>", description: "x86_64, ppc64le, ppc64 or ppc32" },
      {
        flags: "--header <version>",
        description: "6.1, 6.12 or qoriq-sdk (default: as the installed headers)",
      },
    ],
    examples: ["abi --arch ppc64le --json"],
    load: async () => (await import("./abi.ts")).runAbi,
  },
  {
    usage: "bench [...names]",
    description:
      "Measure the library beside the same work in C; without a name, list what there is",
    options: [
      { flags: "--on <targets>", description: "Targets, instead of each benchmark's own" },
      { flags: "--rounds <n>", description: "Interleaved rounds, instead of each benchmark's own" },
      { flags: "--clock <what>", description: "host or instructions, instead of its own" },
      { flags: "--check", description: "Hold the ratios that hold on any machine" },
      { flags: "--timeout <seconds>", description: "For each benchmark (default: 240)" },
    ],
    examples: ["bench map-unmap-4k --on qemu/vtd --json", "bench --check"],
    load: async () => (await import("./bench.ts")).runBenchCommand,
  },
  {
    usage: "doctor",
    description: "Tell what this machine's own VFIO lacks, and the remedy for each",
    options: [],
    examples: ["doctor"],
    load: async () => (await import("./doctor.ts")).runDoctor,
  },
];
