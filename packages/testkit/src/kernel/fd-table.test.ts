import { expect, test } from "vitest";
import { EBADF, EMFILE } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import { FdTable } from "./fd-table.ts";

test("behavior: the lowest free number, from 3 on", () => {
  const table = new FdTable(6);
  expect([1, 2, 3].map(() => table.install(new EventFd()))).toEqual([3, 4, 5]);
  expect(table.install(new EventFd())).toBe(-EMFILE);
  expect(table.close(4)).toBe(0);
  expect(table.hasRoom()).toBe(true);
  expect(table.install(new EventFd())).toBe(4);
  expect(table.hasRoom()).toBe(false);
  expect(table.close(9)).toBe(-EBADF);
});

test("behavior: a fork shares the file, and the last close releases it", () => {
  const [parent, child] = [new FdTable(10), new FdTable(10)];
  const file = new EventFd();
  parent.install(file);
  parent.shareWith(child);
  expect(child.get(3)).toBe(file);
  expect(file.references).toBe(2);
  parent.closeAll();
  expect([file.references, parent.report(), child.report()]).toEqual([
    1,
    [],
    [{ fd: 3, kind: "eventfd", label: "anon_inode:[eventfd]" }],
  ]);
});
