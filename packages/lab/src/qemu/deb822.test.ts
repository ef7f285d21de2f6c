import { describe, expect, test } from "vitest";
import { parseDepends, parseStanzas } from "./deb822.ts";

describe("parseStanzas", () => {
  test("default", () => {
    const [first, second, ...rest] = parseStanzas("Package: a\nSHA256: 12\n\nPackage: b\n");
    expect(Object.fromEntries(first ?? [])).toEqual({ package: "a", sha256: "12" });
    expect(second?.get("package")).toBe("b");
    expect(rest).toEqual([]);
  });

  test("behavior: continuation lines belong to the field before", () => {
    const [stanza] = parseStanzas(
      "Depends: a,\n b (= 1)\nDescription: short\n long: not a field\n",
    );
    expect(stanza?.get("depends")).toBe("a,\nb (= 1)");
    expect(stanza?.get("description")).toBe("short\nlong: not a field");
    expect(stanza?.has("long")).toBe(false);
  });

  test("behavior: empty values, extra blank lines and comments", () => {
    const stanzas = parseStanzas("\n\n# comment\nOrigin: \nSite: http://a/b\n\n\n\n");
    expect(stanzas.map((stanza) => Object.fromEntries(stanza))).toEqual([
      { origin: "", site: "http://a/b" },
    ]);
  });

  test("behavior: nothing gives nothing", () => {
    expect(parseStanzas("")).toEqual([]);
  });
});

describe("parseDepends", () => {
  test("default", () => {
    expect(parseDepends("linux-image-6.12.107+deb13-amd64 (= 6.12.107-1)")).toEqual([
      [{ name: "linux-image-6.12.107+deb13-amd64", exactly: "6.12.107-1" }],
    ]);
  });

  test("behavior: groups, alternatives, other relations", () => {
    const field = "kmod, initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool, libc6:any";
    expect(parseDepends(field)).toEqual([
      [{ name: "kmod" }],
      [{ name: "initramfs-tools" }, { name: "linux-initramfs-tool" }],
      [{ name: "libc6" }],
    ]);
  });

  test("behavior: line breaks, missing blanks, epochs", () => {
    expect(parseDepends("a(=1:2-3~x),\nb|c , ,")).toEqual([
      [{ name: "a", exactly: "1:2-3~x" }],
      [{ name: "b" }, { name: "c" }],
    ]);
  });

  test("behavior: nothing gives nothing", () => {
    expect(parseDepends("")).toEqual([]);
  });
});
