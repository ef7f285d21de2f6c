// type1.md 7.7, as far as an edu device on the root bus can answer.

import { DEVICE } from "./bench.ts";
import type { Case } from "./case.ts";
import {
  deviceCall,
  feature,
  mapRegion,
  readRegion,
  setCommand,
  writeRegion,
} from "./steps/device.ts";
import { close } from "./steps/files.ts";

const REGION_INFO = 8;
const IRQ_INFO = 9;
const DEVICE_RESET = 11;
const HOT_RESET_INFO = 12;
const FLAGS = 4;
const CONFIG_REGION = 7;
const BAR0 = 0x10n;
const LOW_POWER_ENTRY = 3;
const LOW_POWER_EXIT = 5;
const GET = 0x1_0000;
const SET = 0x2_0000;
const PROBE = 0x4_0000;
const EDU_BAR = 0x10_0000n;

const INFORMATION: readonly Case[] = [
  {
    number: 113,
    section: "7.7",
    title: "regions that are not there",
    from: "Edev",
    needs: ["VGA absent"],
    steps: [
      deviceCall("REGION_INFO", REGION_INFO, [32, 0xee, 8], [FLAGS], "EINVAL 0xee"),
      deviceCall("REGION_INFO", REGION_INFO, [32, 0xee, 9], [FLAGS], "EINVAL 0xee"),
    ],
  },
  {
    number: 114,
    section: "7.7",
    title: "the BAR with the MSI-X table",
    from: "Edev",
    needs: ["MSI-X"],
    steps: [],
  },
  {
    number: 115,
    section: "7.7",
    title: "interrupts that are not there",
    from: "Edev",
    needs: ["edu"],
    steps: [
      deviceCall("IRQ_INFO", IRQ_INFO, [16, 0xee, 2], [FLAGS, 12], "0 0x9 0x0"),
      deviceCall("IRQ_INFO", IRQ_INFO, [16, 0xee, 3], [], "EINVAL"),
      deviceCall("IRQ_INFO", IRQ_INFO, [16, 0xee, 5], [], "EINVAL"),
    ],
  },
  {
    number: 139,
    section: "7.7",
    title: "RESET without a method",
    from: "Edev",
    needs: ["no reset method"],
    steps: [deviceCall("RESET", DEVICE_RESET, [], [], "EINVAL")],
  },
  {
    number: 140,
    section: "7.7",
    title: "HOT_RESET_INFO on the root bus",
    from: "Edev",
    steps: [deviceCall("HOT_RESET_INFO", HOT_RESET_INFO, [64, 0, 0], [], "ENODEV")],
  },
  {
    number: 141,
    section: "7.7",
    title: "HOT_RESET_INFO with too little room",
    from: "Edev",
    needs: ["device below a bridge"],
    steps: [],
  },
  {
    number: 143,
    section: "7.7",
    title: "HOT_RESET does not compare argsz with the count",
    from: "Edev",
    needs: ["device below a bridge"],
    steps: [],
  },
  {
    number: 144,
    section: "7.7",
    title: "FEATURE and its operations",
    from: "Edev",
    steps: [
      feature("PROBE|GET|SET LOW_POWER_ENTRY", PROBE | GET | SET | LOW_POWER_ENTRY, "EINVAL"),
      feature("PROBE LOW_POWER_ENTRY", PROBE | LOW_POWER_ENTRY, "0"),
      feature("LOW_POWER_ENTRY", LOW_POWER_ENTRY, "EINVAL"),
    ],
  },
  {
    number: 145,
    section: "7.7",
    title: "low power, entered and left twice",
    from: "Edev",
    steps: [
      feature("SET LOW_POWER_ENTRY", SET | LOW_POWER_ENTRY, "0"),
      feature("SET LOW_POWER_ENTRY", SET | LOW_POWER_ENTRY, "EINVAL"),
      feature("SET LOW_POWER_EXIT", SET | LOW_POWER_EXIT, "0"),
      feature("SET LOW_POWER_EXIT", SET | LOW_POWER_EXIT, "0"),
    ],
  },
  {
    number: 147,
    section: "7.7",
    title: "tokens of virtual functions",
    from: "Edev",
    needs: ["virtual functions"],
    steps: [],
  },
];

const REGIONS: readonly Case[] = [
  {
    number: 134,
    section: "7.7",
    title: "a BAR without memory decode",
    from: "Edev",
    // What a load through mmap does then, SIGBUS, is nothing that a program survives.
    steps: [setCommand(0), readRegion(0, 0n, 4, "EIO")],
  },
  {
    number: 135,
    section: "7.7",
    title: "BAR0 written with ones",
    from: "Edev",
    needs: ["edu"],
    steps: [
      writeRegion(CONFIG_REGION, BAR0, 0xffff_ffff, "4"),
      readRegion(CONFIG_REGION, BAR0, 4, "0xfff00000"),
    ],
  },
  {
    number: 137,
    section: "7.7",
    title: "the MSI-X table, read and mapped",
    from: "Edev",
    needs: ["MSI-X"],
    steps: [],
  },
  {
    number: 138,
    section: "7.7",
    title: "what cannot be mapped",
    from: "Edev",
    needs: ["edu"],
    steps: [
      mapRegion("private", 0, "EINVAL", { shared: false }),
      mapRegion("past the end", 0, "EINVAL", { at: EDU_BAR }),
      mapRegion("over the end", 0, "EINVAL", { at: EDU_BAR - 0x1000n, length: 0x2000 }),
      mapRegion("config", CONFIG_REGION, "EINVAL"),
      mapRegion("ROM", 6, "EINVAL"),
      mapRegion("absent BAR", 1, "EINVAL"),
      close(DEVICE),
    ],
  },
];

export const DEVICE_CASES: readonly Case[] = [...INFORMATION, ...REGIONS];
