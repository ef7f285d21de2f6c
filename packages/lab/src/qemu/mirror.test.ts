import { describe, expect, test } from "vitest";
import { chooseMirror } from "./mirror.ts";

function target(fields: Record<string, string>): string {
  const all = { Component: "main", Origin: "Debian", Label: "Debian", ...fields };
  return Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

describe("chooseMirror", () => {
  test("default", () => {
    expect(chooseMirror(target({ Site: "http://mirror.example/debian" }))).toBe(
      "http://mirror.example/debian",
    );
  });

  test("behavior: other archives are passed over", () => {
    const targets = [
      target({ Site: "http://a.example/node", Origin: "Node Source", Label: "Node Source" }),
      target({ Site: "http://b.example/debian-security", Label: "Debian-Security" }),
      target({ Site: "http://c.example/debian", Component: "non-free" }),
      target({ Site: "http://d.example/debian" }),
      target({ Site: "http://e.example/debian" }),
    ];
    expect(chooseMirror(targets.join("\n"))).toBe("http://d.example/debian");
  });

  test("behavior: before the first update only the path is known", () => {
    const unknown = { Origin: "", Label: "" };
    const targets = [
      target({ ...unknown, Site: "http://a.example/debian-security" }),
      target({ ...unknown, Site: "http://b.example/apt" }),
      target({ ...unknown, Site: "http://c.example/pub/debian/" }),
    ];
    expect(chooseMirror(targets.join("\n"))).toBe("http://c.example/pub/debian/");
  });

  test("behavior: none", () => {
    const ubuntu = { Site: "http://u.example/debian", Origin: "Ubuntu", Label: "Ubuntu" };
    expect(chooseMirror(target(ubuntu))).toBeUndefined();
    expect(chooseMirror("")).toBeUndefined();
  });
});
