// The bytes of an ioctl's argument as named members, and back.

import { match } from "ts-pattern";
import type { Member, VfioCall } from "./calls.ts";
import type { Fields } from "./format.ts";
import type { Names } from "./names.ts";

/** Every member that the bytes have room for; what lies behind them is `rest`. */
export function fieldsOf(call: VfioCall | undefined, bytes: Uint8Array, names: Names): Fields {
  if (call?.argument === "name") return { name: names.hidden(textOf(bytes)) };
  const known = membersOf(call).filter(({ at, bytes: size }) => at + size <= bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = Object.fromEntries(
    known.map((member) => [member.name, read(view, member, names)]),
  );
  const rest = bytes.subarray(endOf(known));
  return rest.length === 0 ? fields : { ...fields, rest: restText(rest) };
}

export function bytesOf(call: VfioCall | undefined, fields: Fields, names: Names): Uint8Array {
  const { name } = fields;
  if (call?.argument === "name") return Buffer.from(`${names.shown(String(name))}\0`, "latin1");
  const known = membersOf(call).filter((member) => fields[member.name] !== undefined);
  const head = new Uint8Array(endOf(known));
  const view = new DataView(head.buffer);
  for (const member of known) write(view, member, fields[member.name] ?? 0, names);
  return Uint8Array.from([...head, ...restBytes(String(fields["rest"] ?? ""))]);
}

/** Hexadecimal digits; `+n` for n zeros at the end, of which there are often many. */
function restText(bytes: Uint8Array): string {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const digits = Buffer.from(bytes.subarray(0, end)).toString("hex");
  return end === bytes.length ? digits : `${digits}+${bytes.length - end}`;
}

function restBytes(text: string): Uint8Array {
  const [digits = "", zeros = "0"] = text.split("+");
  return Buffer.concat([Buffer.from(digits, "hex"), Buffer.alloc(Number(zeros))]);
}

/** The members that differ, as they are now. */
export function changed(before: Fields, after: Fields): Fields | undefined {
  const all = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return all.length === 0 ? undefined : Object.fromEntries(all);
}

function membersOf(call: VfioCall | undefined): readonly Member[] {
  return typeof call?.argument === "object" ? call.argument : [];
}

function endOf(members: readonly Member[]): number {
  return members.reduce((end, { at, bytes }) => Math.max(end, at + bytes), 0);
}

function read(view: DataView, { at, bytes, kind }: Member, names: Names): number | string {
  return match(kind)
    .with("fd", () => names.fdName(view.getInt32(at, true)))
    .with("address", () => names.addressName(view.getBigUint64(at, true)))
    .with("number", () =>
      bytes === 4 ? view.getUint32(at, true) : `0x${view.getBigUint64(at, true).toString(16)}`,
    )
    .exhaustive();
}

function write(view: DataView, member: Member, value: number | string, names: Names): void {
  const { at, bytes, kind } = member;
  if (kind === "fd") view.setInt32(at, names.fdOf(String(value)), true);
  else if (kind === "address") view.setBigUint64(at, names.addressOf(String(value)), true);
  else if (bytes === 4) view.setUint32(at, Number(value), true);
  else view.setBigUint64(at, BigInt(value), true);
}

/** Up to the NUL. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString("latin1");
}
