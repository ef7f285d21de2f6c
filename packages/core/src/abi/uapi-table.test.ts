import { expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { io } from "./ioctl-number.ts";
import { pointer, reserved, struct, tail, u32 } from "./layout.ts";
import { abiProfile } from "./profile.ts";
import { describeUapi, mergeUapi, uapiTable } from "./uapi-table.ts";

const LAYOUT = struct("vfio_thing", 16, {
  argsz: u32(0),
  gap: reserved(4, 4),
  data: pointer(8),
  rest: tail(16, "u8"),
});
const TABLE = uapiTable([
  { VFIO_THING: io(0x3b, 100), layout: LAYOUT },
  { FLAG: 1, NAME: "vfio" },
]);

test("default: modules' exports are sorted into ioctls, structs and constants", () => {
  expect(describeUapi(abiProfile("ppc32", 4096), TABLE)).toEqual({
    ioctls: { VFIO_THING: 0x2000_3b64 },
    structs: {
      vfio_thing: {
        size: 16,
        fields: {
          argsz: { offset: 0, size: 4 },
          data: { offset: 8, size: 4 },
          rest: { offset: 16, size: 0 },
        },
      },
    },
    constants: { FLAG: 1, NAME: "vfio" },
  });
});

test("behavior: two packages may state one name if they state the same", () => {
  expect(mergeUapi([TABLE, TABLE])).toEqual(TABLE);
  expect(mergeUapi([TABLE, uapiTable([{ OTHER: 2 }])]).constants).toHaveProperty("OTHER");
});

test("behavior: two names may have one number", () => {
  const two = uapiTable([{ A: io(0x3b, 113), B: io(0x3b, 113) }]);
  expect(Object.keys(mergeUapi([two]).ioctls)).toEqual(["A", "B"]);
});

test.each([
  { FLAG: 2 },
  { VFIO_THING: io(0x3b, 101) },
  { layout: struct("vfio_thing", 4, { argsz: u32(0) }) },
])("error: a name with two meanings is refused", (other) => {
  expect(() => mergeUapi([TABLE, uapiTable([other])])).toThrow(
    expect.toSatisfy((error) => isIommuError(error, "invalid-argument")),
  );
});
