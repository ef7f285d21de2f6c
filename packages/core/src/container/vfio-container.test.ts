import { describe, expect, test } from "vitest";
import { scriptedPort } from "../../test/scripted-port.ts";
import { openVfioContainer } from "./vfio-container.ts";

describe("a container node that is not as it should be", () => {
  test.each([
    ["another API version", 1, "kernel-misbehaved", /speaks VFIO API version 1, this library 0/],
    ["no VFIO at all", -25, "kernel-refused", /is not a VFIO container: .* gave ENOTTY/],
  ])("%s: refused, and its descriptor closed", (_, version, code, message) => {
    const closed: number[] = [];
    const port = scriptedPort({
      open: () => 7,
      ioctl: () => version,
      close: (fd) => {
        closed.push(fd);
        return 0;
      },
    });
    expect(() => openVfioContainer(port)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(closed).toEqual([7]);
  });

  test.each([
    [-2, "vfio-missing", /modprobe vfio/],
    [-13, "permission-denied", /let this user read and write/],
  ])("open answers %i", (result, code, hint) => {
    expect(() => openVfioContainer(scriptedPort({ open: () => result }))).toThrow(
      expect.objectContaining({ code, hint: expect.stringMatching(hint) }),
    );
  });
});
