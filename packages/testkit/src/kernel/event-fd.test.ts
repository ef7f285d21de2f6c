import { expect, test } from "vitest";
import { EBADF, EINVAL, ESPIPE, ETIMEDOUT } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import { opened } from "./testing/ready.ts";

test("behavior: signals add up and a wait takes them all", async () => {
  const event = new EventFd();
  event.signal();
  event.signal();
  expect(await event.wait(0)).toBe(2);
  expect(await event.wait(0)).toBe(-ETIMEDOUT);
});

test("behavior: one who waits is woken, or gives up", async () => {
  const event = new EventFd();
  expect(await event.wait(1)).toBe(-ETIMEDOUT);
  const [first, second] = [event.wait(1000), event.wait(1000)];
  event.signal();
  event.signal();
  expect(await Promise.all([first, second])).toEqual([1, 1]);
});

test("error: only an eventfd can be waited for, and it has no position", async () => {
  const { client, container } = opened();
  const event = client.port.eventFd();
  expect(await client.port.waitEvent(container, 0)).toBe(-EINVAL);
  expect(await client.port.waitEvent(99, 0)).toBe(-EBADF);
  expect(client.port.readAt(event, new Uint8Array(8), 0n)).toBe(-ESPIPE);
  expect(client.port.writeAt(event, new Uint8Array(8), 0n)).toBe(-ESPIPE);
});
