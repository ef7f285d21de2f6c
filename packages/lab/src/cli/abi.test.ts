import { readFileSync } from "node:fs";
import { ARCHES } from "@iommukit/core/abi";
import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { describeArch } from "./abi.ts";
import { installedHeader, SINCE_6_1 } from "./abi-header.ts";
import { runCommandLine } from "./command-line.ts";

const KINDS = ["ioctls", "structs", "constants"] as const;
type Vectors = Readonly<Record<(typeof KINDS)[number], Readonly<Record<string, unknown>>>>;

function vectors(folder: string, arch: string): Vectors {
  const file = new URL(`../../../../vectors/${folder}/${arch}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

describe.each(ARCHES)("%s", (arch) => {
  test("vfio-uapi-6.12: equals what a C compiler printed, name by name", () => {
    const expected = vectors("uapi-6.12", arch);
    const described = describeArch(arch);
    for (const kind of KINDS) expect(described[kind]).toEqual(expected[kind]);
  });

  test("vfio-uapi-6.1: so does the older header", () => {
    const expected = vectors("uapi", arch);
    const described = describeArch(arch, "6.1");
    for (const kind of KINDS) expect(described[kind]).toEqual(expected[kind]);
  });

  test("default: one JSON object of three members", async () => {
    const terminal = recordingTerminal();
    const words = ["abi", "--arch", arch, "--json"];
    const { signal } = new AbortController();
    expect(await runCommandLine({ words, version: "1", terminal, signal })).toBe(0);
    expect(terminal.jsonLines()).toEqual([describeArch(arch, installedHeader())]);
    expect(Object.keys(Object(terminal.jsonLines()[0]))).toEqual([...KINDS]);
  });
});

test.each(["ppc64", "ppc32"])("vfio-uapi-qoriq-sdk: what PAMU has of its own on %s", (arch) => {
  const expected = vectors("fsl-pamu", arch);
  const described = describeArch(arch, "qoriq-sdk");
  for (const kind of KINDS) expect(described[kind]).toEqual(expected[kind]);
});

test("behavior: numbers differ where the encodings do", () => {
  expect(describeArch("x86_64").ioctls["VFIO_GET_API_VERSION"]).toBe(0x3b64);
  expect(describeArch("ppc64le").ioctls["VFIO_GET_API_VERSION"]).toBe(0x20003b64);
});

test("default: tables for people", async () => {
  const terminal = recordingTerminal();
  const { signal } = new AbortController();
  await runCommandLine({ words: ["abi", "--arch", "ppc32"], version: "1", terminal, signal });
  expect(terminal.output()).toMatch(/VFIO_GET_API_VERSION +0x20003b64/);
  expect(terminal.output()).toMatch(/vfio_iommu_type1_dma_map +32 bytes/);
});

test("behavior: the list of what came after 6.1 is the one read off the headers", () => {
  const file = new URL("../../../../vectors/since-6.1.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(SINCE_6_1);
});

test("behavior: without installed headers it is 6.12; another version is refused", async () => {
  expect(installedHeader("/nonexistent/version.h")).toBe("6.12");
  const terminal = recordingTerminal();
  const { signal } = new AbortController();
  const words = ["abi", "--arch", "ppc32", "--header", "5.4"];
  expect(await runCommandLine({ words, version: "1", terminal, signal })).toBe(2);
});
