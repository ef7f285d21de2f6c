// Hazards of TCE_CREATE and TCE_REMOVE, and of groups that share windows.

import { bytes, createIommu, iova } from "@iommukit/core";
import { EEH } from "@iommukit/spapr-tce";
import { type Hazard, must, refuses } from "./hazard.ts";

const GIB = 1n << 30n;
const AT = 0x10_0000;
const PIECE = 64;

export const WINDOW_HAZARDS: readonly Hazard[] = [
  {
    name: "a window that fails after it was charged stays charged until the process ends",
    platform: "powernv",
    leaves: "charge",
    raw: (kernel) => {
      must(kernel.remove(0) === 0, "the default window is given up");
      const before = kernel.locked();
      const { result } = kernel.create(30, GIB, 5);
      must(result === kernel.errno("EINVAL"), `create answers ${result}`);
      must(kernel.locked() > before, "and the table stays charged");
    },
    masked: ({ container, locked }) => {
      const before = locked();
      const create = (levels: number) => (): unknown =>
        container.windows.create({ pageSize: 2 ** 30, size: bytes(GIB), levels });
      refuses("not-offered", create(5));
      const large = { pageSize: 4096, size: bytes(1n << 40n) };
      refuses("not-offered", () => container.windows.create({ ...large, levels: 1 }));
      must(locked() === before, "nothing is charged");
    },
  },
  {
    name: "levels that the firmware has not are charged 4 GiB and refused",
    platform: "pseries",
    leaves: "charge",
    raw: (kernel) => {
      must(kernel.remove(0) === 0, "the default window is given up");
      const before = kernel.locked();
      const { result } = kernel.create(12, GIB / 2n, 2);
      must(result === kernel.errno("EINVAL"), `create answers ${result}`);
      must(kernel.locked() - before > 2 ** 31, "and gigabytes stay charged");
    },
    masked: ({ container, locked }) => {
      const before = locked();
      const request = { pageSize: 4096, size: bytes(GIB / 2n) };
      refuses("not-offered", () => container.windows.create({ ...request, levels: 2 }));
      must(locked() === before, "nothing is charged");
    },
  },
  {
    name: "no levels at all are taken for one",
    platform: "pseries",
    raw: (kernel) => {
      must(kernel.remove(0) === 0, "the default window is given up");
      must(kernel.create(12, GIB / 2n, 0).result === 0, "create answers 0");
      must(kernel.remove(0) === 0, "it is removed");
    },
    masked: ({ container }) => {
      const request = { pageSize: 4096, size: bytes(GIB / 2n), levels: 0 };
      refuses("invalid-argument", () => container.windows.create(request));
    },
  },
  {
    name: "a second window beside the one at bit 59 is charged, refused, and poisons the device",
    platform: "pseries",
    leaves: "poison",
    raw: (kernel) => {
      must(kernel.remove(0) === 0, "the default window is given up");
      must(kernel.create(16, GIB).start === 1n << 59n, "a window at bit 59");
      const before = kernel.locked();
      const { result } = kernel.create(21, 1n << 36n);
      must(result === kernel.errno("ENODEV"), `create answers ${result}`);
      must(kernel.locked() > before, "and the table stays charged");
    },
    masked: ({ container, locked }) => {
      const [first] = container.windows.list();
      must(first !== undefined, "there is a window");
      container.windows.remove(first);
      const large = container.windows.create({ pageSize: 65_536, size: bytes(GIB) });
      const before = locked();
      const request = { pageSize: 2 ** 21, size: bytes(1n << 36n) };
      refuses("no-iova-space", () => container.windows.create(request));
      must(locked() === before, "nothing is charged");
      container.windows.remove(large);
    },
  },
  {
    name: "a third window is ENOSPC before anything about it is looked at",
    raw: (kernel) => {
      must(kernel.create(16, GIB).result === 0, "beside the default window");
      const { result } = kernel.create(13, 3n, 9);
      must(result === kernel.errno("ENOSPC"), `create answers ${result}`);
    },
    masked: ({ container }) => {
      container.windows.create({ pageSize: 65_536, size: bytes(GIB) });
      const third = { pageSize: 65_536, size: bytes(GIB) };
      refuses("no-iova-space", () => container.windows.create(third));
      refuses("not-offered", () => container.windows.create({ ...third, pageSize: 8192 }));
    },
  },
  {
    name: "a create with a wrong page size makes the default window on the way",
    raw: (kernel) => {
      const before = kernel.locked();
      const { result } = kernel.create(13, GIB);
      must(result === kernel.errno("EINVAL"), `create answers ${result}`);
      must(kernel.locked() > before, "and the default window's table is charged");
    },
    masked: ({ container, locked }) => {
      const before = locked();
      refuses("not-offered", () => container.windows.create({ pageSize: 8192, size: bytes(GIB) }));
      must(locked() === before, "nothing is charged");
    },
  },
  {
    name: "any address inside a window removes it, mappings or not",
    raw: (kernel) => {
      const page = kernel.abi.pageSize;
      const { address } = kernel.memory(1);
      must(kernel.register(address, page) === 0, "the memory is registered");
      must(kernel.map(AT, address, page) === 0, "it is mapped");
      must(kernel.remove(0x12_3000) === 0, "remove answers 0");
      const gone = kernel.map(AT, address, page);
      must(gone === kernel.errno("ENXIO"), `a map into it answers ${gone}`);
    },
    masked: ({ port, container }) => {
      const memory = createIommu(port).allocate(port.abi.pageSize);
      container.memory.register(memory.address, memory.size);
      container.dma.map(iova(AT), memory.address, memory.size, "read");
      const [window] = container.windows.list();
      must(window !== undefined, "there is a window");
      const inside = { ...window, start: iova(0x12_3000) };
      refuses("invalid-argument", () => container.windows.remove(inside));
      refuses("memory-in-use", () => container.windows.remove(window));
      must(container.dma.mappings().length === 1, "the mapping is live");
    },
  },
  {
    name: "a group that leaves takes the mappings of those that stay",
    platform: "powernv",
    groups: 2,
    raw: (kernel) => {
      const page = kernel.abi.pageSize;
      const { address, bytes: both } = kernel.memory(2, 0x22);
      must(kernel.register(address, 2 * page) === 0, "the memory is registered");
      must(kernel.map(AT, address, 2 * page) === 0, "it is mapped");
      const edu = kernel.edu();
      const copied = (): boolean => {
        both.fill(0x11, page);
        edu.copyFromHost(iova(AT), PIECE);
        edu.copyToHost(iova(AT + page), PIECE);
        return both[page] === 0x22;
      };
      must(copied(), "the first group's device copies");
      must(kernel.leave(1) === 0, "the second group leaves");
      must(!copied(), "the first group's device reaches nothing");
    },
    masked: ({ port, devices, container, edu }) => {
      const page = port.abi.pageSize;
      const memory = createIommu(port).allocate(2 * page);
      container.memory.register(memory.address, memory.size);
      container.dma.map(iova(AT), memory.address, memory.size, "read-write");
      memory.bytes.fill(0x11);
      const { mappingsDropped } = container.control.detach(devices[1]?.group ?? -1);
      must(mappingsDropped === 0, "no mapping is lost");
      memory.bytes.fill(0x22, 0, page);
      edu.copyFromHost(iova(AT), PIECE);
      edu.copyToHost(iova(AT + page), PIECE);
      must(memory.bytes[page] === 0x22, "the device reaches what it reached before");
    },
  },
  {
    name: "of several groups the kernel answers for the first whose state is not normal",
    platform: "powernv",
    groups: 2,
    raw: (kernel) => {
      must(kernel.eehState() === 0, "one number stands for both groups");
    },
    masked: ({ container }) => {
      const eeh = container.extension(EEH);
      refuses("not-offered", () => eeh.readState());
      refuses("not-offered", () => eeh.startReset("hot"));
    },
  },
];
