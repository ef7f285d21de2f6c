// The same kernel through the library: what the masked half of each pair of tests holds.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type ErrorCode,
  type Iommu,
  type IommuBackend,
  type IommuError,
  isIommuError,
} from "@iommukit/core";
import { type FslPamuOptions, fslPamu, PAMU, type Pamu } from "@iommukit/fsl-pamu";
import { type Fault, faultyPort, type SimulatedHost } from "@iommukit/testkit";

export interface Masked {
  readonly host: SimulatedHost;
  readonly iommu: Iommu;
  readonly container: Container;
  readonly pamu: Pamu;
}

export interface MaskedOptions {
  readonly groups?: readonly number[];
  readonly backend?: Partial<FslPamuOptions>;
  readonly faults?: readonly Fault[];
}

/** A container on group 2 of this host. */
export function masked(host: SimulatedHost, options: MaskedOptions = {}): Masked {
  const { port } = faultyPort(host.port, { faults: options.faults ?? [] });
  const iommu = createIommu(port);
  const backend: IommuBackend = fslPamu({ type: 7, ...options.backend });
  const container = iommu.openContainer({ groups: options.groups ?? [2], backends: [backend] });
  return { host, iommu, container, pamu: container.extension(PAMU) };
}

/** Memory of pages of a size, first byte 0. */
export function memoryOf(iommu: Iommu, size: number, pageSize = 4096): DmaMemory {
  return pageSize === 4096 ? iommu.allocate(size) : iommu.allocate(size, { pageSize });
}

/** Runs what must be refused with this code, and demands that no system call was made for it. */
export function refusedWithoutCall(
  { host }: Masked,
  code: ErrorCode,
  action: () => unknown,
): IommuError {
  const before = callsOf(host);
  const error = thrown(action);
  const made = callsOf(host) - before;
  if (error.code !== code) throw new Error(`${error.code} and not ${code}: ${error.message}`);
  if (made !== 0) throw new Error(`${made} calls were made for ${code}`);
  return error;
}

export function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

/** Another aperture in place of the one there is. */
export function reshape(container: Container, windowSize: number, windows: number): void {
  const [present] = container.windows.list();
  if (present !== undefined) container.windows.remove(present);
  container.windows.create({ size: bytes(windowSize * windows), pageSize: windowSize });
}

function callsOf(host: SimulatedHost): number {
  return [...host.calls.values()].reduce((sum, count) => sum + count, 0);
}
