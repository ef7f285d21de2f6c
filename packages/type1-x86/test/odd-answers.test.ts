// Answers that are no errno and no success: taken for neither, and for no more than they say.

import { bytes, hostAddress, iova, type Mapping } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { type FaultEffect, fails, faultyPort, simulatedHost, vtd } from "@iommukit/testkit";
import { expect, test } from "vitest";
import { createAddressUpdate } from "../src/address-update.ts";
import { limits } from "../src/dirty.ts";
import { VFIO_IOMMU_UNMAP_DMA } from "../src/uapi/unmap.ts";

const MAPPING: Mapping = {
  iova: iova(0x1000),
  size: bytes(4096),
  host: hostAddress(0x7f00_0000_0000n),
  access: "read",
};

/** UNMAP_DMA succeeds and says that it met so many bytes. */
function meets(size: bigint): FaultEffect {
  return {
    name: `meets ${size} bytes`,
    instead: ({ argument }) => {
      if (!(argument instanceof Uint8Array)) return -22;
      const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
      view.setBigUint64(16, size, true);
      return 0;
    },
  };
}

test.each([
  ["held: it was valid until now", meets(4096n), "held"],
  ["gone: there is nothing", meets(0n), "gone"],
  ["not known: it met another mapping", meets(8192n), undefined],
  ["held: it is invalid already", fails(22), "held"],
  ["not known: the call is refused", fails(1), undefined],
])("an invalid mapping is %s", (_, what, answer) => {
  const { port } = simulatedHost(vtd());
  const when = { request: ioctlNumber(port.abi, VFIO_IOMMU_UNMAP_DMA) };
  const faulty = faultyPort(port, { faults: [{ when, what }] });
  const context = { port: faulty.port, container: 3, groups: () => [2] };
  expect(createAddressUpdate(context).confirm(MAPPING, "invalid")).toBe(answer);
  expect(faulty.fired).toHaveLength(1);
});

test("a bitmap limit is cut to whole words, and to what a number holds exactly", () => {
  const limit = (maxBitmapBytes: bigint): number =>
    limits({ pageSizes: 0x20_1000n, maxBitmapBytes }).maxBitmapBytes;
  expect(limit(15n)).toBe(8);
  expect(limit(2n ** 64n - 1n)).toBe(2 ** 53 - 8);
  expect(limits({ pageSizes: 0x20_1000n, maxBitmapBytes: 8n }).pageSize).toBe(4096);
});
