// Hazards of REGISTER_MEMORY and UNREGISTER_MEMORY.

import { bytes, createIommu, hostAddress, iova } from "@iommukit/core";
import { type Hazard, must, refuses } from "./hazard.ts";
import { belowReadOnly } from "./raw.ts";

const AT = 0x10_0000;

export const REGISTRATION_HAZARDS: readonly Hazard[] = [
  {
    name: "unregistering mapped memory answers 0 and keeps it pinned until the process ends",
    leaves: "orphan",
    raw: (kernel) => {
      const size = 16 * kernel.abi.pageSize;
      const before = kernel.locked();
      const { address } = kernel.memory(16);
      must(kernel.register(address, size) === 0, "it is registered");
      must(kernel.map(AT, address, kernel.abi.pageSize) === 0, "it is mapped");
      must(kernel.unregister(address, size) === 0, "unregister answers 0");
      must(kernel.unmap(AT, kernel.abi.pageSize).result === 0, "it is unmapped");
      const again = kernel.unregister(address, size);
      must(again === kernel.errno("ENOENT"), `a second unregister answers ${again}`);
      must(kernel.remove(0) === 0, "the window is removed");
      must(kernel.locked() - before === size, `${kernel.locked() - before} bytes stay locked`);
    },
    masked: ({ port, container, locked }) => {
      const memory = createIommu(port).allocate(16 * port.abi.pageSize);
      const before = locked();
      const registration = container.memory.register(memory.address, memory.size);
      container.dma.map(iova(AT), memory.address, memory.size, "read");
      refuses("memory-in-use", () => registration.close());
      refuses("memory-in-use", () => memory.close());
      container.dma.unmap(iova(AT), memory.size);
      registration.close();
      const [window] = container.windows.list();
      must(window !== undefined, "there is a window");
      container.windows.remove(window);
      must(locked() === before, "nothing stays locked");
      memory.close();
    },
  },
  {
    name: "registering no bytes is ENOMEM and a warning in the kernel's log",
    leaves: "warning",
    raw: (kernel) => {
      const result = kernel.register(kernel.memory(1).address, 0);
      must(result === kernel.errno("ENOMEM"), `register answers ${result}`);
    },
    masked: ({ port, container }) => {
      using memory = createIommu(port).allocate(port.abi.pageSize);
      refuses("zero-size", () => container.memory.register(memory.address, bytes(0)));
    },
  },
  {
    name: "a page in the middle that cannot be pinned is answered with the number of those before it",
    raw: (kernel) => {
      const { address, size } = kernel.partlyReadOnly();
      const before = kernel.locked();
      const result = kernel.register(address, size + kernel.abi.pageSize);
      must(result === size / kernel.abi.pageSize, `register answers ${result}`);
      must(kernel.locked() === before, "and nothing is charged");
    },
    masked: ({ port, container, locked }) => {
      const { address, size, memories } = belowReadOnly(port);
      const before = locked();
      const range = hostAddress(address);
      const beyond = bytes(size + port.abi.pageSize);
      refuses("memory-fault", () => container.memory.register(range, beyond));
      container.memory.register(range, bytes(size)).close();
      must(locked() === before, "nothing stays locked");
      for (const memory of memories) memory.close();
    },
  },
  {
    name: "no mapping is made before something was registered, though windows exist: EPERM",
    raw: (kernel) => {
      const { address } = kernel.memory(1);
      must(kernel.create(12, 1n << 24n).result === 0, "a window is made");
      const result = kernel.map(AT, address, kernel.abi.pageSize);
      must(result === kernel.errno("EPERM"), `map answers ${result}`);
    },
    masked: ({ port, container }) => {
      using memory = createIommu(port).allocate(port.abi.pageSize);
      const map = (): void => container.dma.map(iova(AT), memory.address, memory.size, "read");
      refuses("memory-not-registered", map);
    },
  },
  {
    name: "overlapping memory is refused after it was charged and pinned, with EINVAL",
    raw: (kernel) => {
      const page = kernel.abi.pageSize;
      const { address } = kernel.memory(4);
      must(kernel.register(address, 2 * page) === 0, "the first");
      const overlap = kernel.register(address + BigInt(page), 2 * page);
      must(overlap === kernel.errno("EINVAL"), `an overlap answers ${overlap}`);
      const twice = kernel.register(address, 2 * page);
      must(twice === kernel.errno("EBUSY"), `the same again answers ${twice}`);
    },
    masked: ({ port, container }) => {
      const page = port.abi.pageSize;
      const memory = createIommu(port).allocate(4 * page);
      const { register } = container.memory;
      const registration = register(memory.address, bytes(2 * page));
      const middle = hostAddress(memory.address + BigInt(page));
      refuses("already-mapped", () => register(middle, bytes(2 * page)));
      refuses("already-mapped", () => register(memory.address, bytes(2 * page)));
      registration.close();
      memory.close();
    },
  },
];
