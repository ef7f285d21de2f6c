// GET_ATTR and SET_ATTR of one container: every change is read back, because a refusal answers 0 as well.
//
// The driver drops the result of its own handler, stores before it checks, and divides by what it stored
// (vfio_iommu_fsl_pamu.c, SDK 2.0). So nothing that it would refuse is sent, and what it has afterwards is
// what counts.

import { IommuError, type Iova, iova, type ProbeContext } from "@iommukit/core";
import { createWriter, type StructWriter } from "@iommukit/core/abi";
import { call, demandZero } from "./kernel-call.ts";
import {
  VFIO_ATTR_GEOMETRY,
  VFIO_ATTR_PAMU_STASH,
  VFIO_ATTR_WINDOWS,
  VFIO_IOMMU_PAMU_GET_ATTR,
  VFIO_IOMMU_PAMU_SET_ATTR,
  vfio_pamu_attr,
} from "./uapi/attr.ts";
import { isPowerOfTwo, MOST_WINDOWS } from "./window-plan/request.ts";

const GET = "VFIO_IOMMU_PAMU_GET_ATTR";
const SET = "VFIO_IOMMU_PAMU_SET_ATTR";

/** Both ends, the last included. */
export interface Geometry {
  readonly start: Iova;
  readonly last: Iova;
}

/** A stash target as the ABI has it: caches are 1 to 3. */
export interface RawStash {
  readonly cpu: number;
  readonly cache: number;
}

/**
 * The attributes of one container. Each setter throws `kernel-refused` when the driver has another
 * value after it.
 */
export interface Attributes {
  readGeometry(): Geometry;
  readWindows(): number;
  setGeometry(geometry: Geometry): void;
  setWindows(count: number): void;
  setStash(stash: RawStash): void;
}

export function bindAttributes(context: ProbeContext): Attributes {
  const { ask, tell, get, set } = bindCalls(context);
  const readGeometry = (): Geometry => {
    ask(VFIO_ATTR_GEOMETRY);
    return checkedGeometry(get.aperture_start(), get.aperture_end());
  };
  const readWindows = (): number => {
    ask(VFIO_ATTR_WINDOWS);
    return checkedCount(get.windows());
  };
  return Object.freeze({
    readGeometry,
    readWindows,
    setGeometry: ({ start, last }: Geometry) => {
      tell(VFIO_ATTR_GEOMETRY, () => {
        set.aperture_start(start);
        set.aperture_end(last);
      });
      const has = readGeometry();
      if (has.start !== start || has.last !== last)
        throw notTaken("the geometry", { start, last, hasStart: has.start, hasLast: has.last });
    },
    setWindows: (count: number) => {
      tell(VFIO_ATTR_WINDOWS, () => set.windows(count));
      const has = readWindows();
      if (has !== count) throw notTaken("the number of windows", { windows: count, has });
    },
    setStash: ({ cpu, cache }: RawStash) => {
      tell(VFIO_ATTR_PAMU_STASH, () => {
        set.cpu(cpu);
        set.cache(cache);
      });
      ask(VFIO_ATTR_PAMU_STASH);
      const [hasCpu, hasCache] = [get.cpu(), get.cache()];
      if (hasCpu !== cpu || hasCache !== cache)
        throw notTaken("the stash target", { cpu, cache, hasCpu, hasCache });
    },
  });
}

/** The struct that both calls share: it is filled anew for each. */
interface AttributeCalls extends Pick<StructWriter<typeof vfio_pamu_attr.fields>, "get" | "set"> {
  /** GET_ATTR into the struct. */
  readonly ask: (attribute: number) => void;
  /** SET_ATTR of what `fill` puts there. */
  readonly tell: (attribute: number, fill: () => void) => void;
}

function bindCalls(context: ProbeContext): AttributeCalls {
  const { bytes, set, get } = createWriter(vfio_pamu_attr, context.port.abi);
  return {
    get,
    set,
    ask: (attribute) => {
      // All ones are no answer to any attribute: a driver that writes nothing back is noticed.
      bytes.fill(0xff);
      set.argsz(bytes.length);
      set.flags(0);
      set.attribute(attribute);
      const result = call(context, VFIO_IOMMU_PAMU_GET_ATTR, bytes);
      demandZero(context, GET, result, { sentence: "the driver does not tell an attribute" });
    },
    tell: (attribute, fill) => {
      bytes.fill(0);
      set.argsz(bytes.length);
      set.attribute(attribute);
      fill();
      const result = call(context, VFIO_IOMMU_PAMU_SET_ATTR, bytes);
      demandZero(context, SET, result, { sentence: "the driver does not take an attribute" });
    },
  };
}

function checkedGeometry(start: bigint, last: bigint): Geometry {
  if (start < last) return { start: iova(start), last: iova(last) };
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: GET,
    sentence: "the driver tells an aperture that ends before it begins",
    facts: { start, last },
  });
}

function checkedCount(count: number): number {
  if (count >= 1 && count <= MOST_WINDOWS && isPowerOfTwo(BigInt(count))) return count;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: GET,
    sentence: `the driver tells ${count} windows, which no PAMU has`,
    facts: { windows: count },
  });
}

function notTaken(what: string, facts: Readonly<Record<string, bigint | number>>): IommuError {
  return new IommuError({
    code: "kernel-refused",
    operation: SET,
    sentence: `the driver answered 0 and did not take ${what}`,
    facts,
    hint: "the driver takes no change while a window is mapped, and none when its table of 2048 secondary entries is full: it loses those of a container each time the number of windows is set, until the container closes",
  });
}
