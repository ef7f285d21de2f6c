// Drives QEMU's `edu` device, real or simulated: a copy engine with 4 KiB of memory of its own.
//
// It is the device that proves what DMA reaches. The registers are described in QEMU's documentation
// ("EDU device"); they have the byte order of the guest's CPU as QEMU sees it, big on every POWER
// machine, so the identification register tells which, and programs never have to know.

import { type Device, IommuError, type Iova, iovaPlus } from "@iommukit/core";

const BAR = 0;
const CONFIG_REGION = 7;
const COMMAND = 0x04;
const MEMORY_AND_BUS_MASTER = 0x06;

const IDENTIFICATION = 0x00;
/** `RR.rr` 1.0 and 0x00ed; see the device's documentation. */
const EXPECTED_ID = 0x010000ed;
const DMA_SOURCE = 0x80;
const DMA_DESTINATION = 0x88;
const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;
const START = 1;
const DEVICE_TO_HOST = 2;
const BUFFER = 0x40000n;

/** Bytes of the device's own memory. */
export const EDU_BUFFER_BYTES = 4096;
/**
 * Bytes of one transfer of `copy`. QEMU 7.2 takes a transfer that ends with the buffer's last byte for
 * one that leaves it, and aborts the machine; half the buffer stays clear of that.
 */
export const EDU_PIECE_BYTES = 2048;
/** A transfer takes about 100 ms in QEMU; 5 s is a machine that hangs. */
const PATIENCE_MILLISECONDS = 5000;

export interface EduDriver {
  /** The device reads `length` bytes of host memory at `from` into its own memory. */
  copyFromHost(from: Iova, length: number, bufferOffset?: number): void;
  /** The device writes `length` bytes of its own memory to host memory at `to`. */
  copyToHost(to: Iova, length: number, bufferOffset?: number): void;
  /** Both, in pieces of 2 KiB: the device copies `length` bytes from one IOVA to another. */
  copy(from: Iova, to: Iova, length: number): void;
}

/**
 * Takes an open `edu`, switches its memory and bus mastering on and answers its driver.
 *
 * Valid errors: `device-not-found` (it is another device), `region-access`.
 */
export function openEdu(device: Device): EduDriver {
  enable(device);
  const little = readByteOrder(device);
  const view = new DataView(new ArrayBuffer(8));
  const bytes = new Uint8Array(view.buffer);
  const write = (register: number, value: bigint): void => {
    view.setBigUint64(0, value, little);
    device.writeRegion(BAR, register, bytes);
  };
  const read = (register: number): bigint => {
    device.readRegion(BAR, register, bytes);
    return view.getBigUint64(0, little);
  };
  const transfer = (
    source: bigint,
    destination: bigint,
    length: number,
    direction: number,
  ): void => {
    write(DMA_SOURCE, source);
    write(DMA_DESTINATION, destination);
    write(DMA_COUNT, BigInt(length));
    write(DMA_COMMAND, BigInt(START | direction));
    awaitIdle(read);
  };
  const copyFromHost: EduDriver["copyFromHost"] = (from, length, offset = 0) => {
    checkBuffer(length, offset);
    transfer(from, BUFFER + BigInt(offset), length, 0);
  };
  const copyToHost: EduDriver["copyToHost"] = (to, length, offset = 0) => {
    checkBuffer(length, offset);
    transfer(BUFFER + BigInt(offset), to, length, DEVICE_TO_HOST);
  };
  const copy: EduDriver["copy"] = (from, to, length) => {
    for (let done = 0; done < length; done += EDU_PIECE_BYTES) {
      const piece = Math.min(EDU_PIECE_BYTES, length - done);
      copyFromHost(iovaPlus(from, done), piece);
      copyToHost(iovaPlus(to, done), piece);
    }
  };
  return Object.freeze({ copyFromHost, copyToHost, copy });
}

/** vfio-pci clears bus mastering at every first open of a device. */
function enable(device: Device): void {
  const command = new Uint8Array(2);
  device.readRegion(CONFIG_REGION, COMMAND, command);
  command[0] = (command[0] ?? 0) | MEMORY_AND_BUS_MASTER;
  device.writeRegion(CONFIG_REGION, COMMAND, command);
}

function readByteOrder(device: Device): boolean {
  const id = new DataView(new ArrayBuffer(4));
  device.readRegion(BAR, IDENTIFICATION, new Uint8Array(id.buffer));
  if (id.getUint32(0, true) === EXPECTED_ID) return true;
  if (id.getUint32(0, false) === EXPECTED_ID) return false;
  throw new IommuError({
    code: "device-not-found",
    operation: "openEdu",
    sentence: `device ${device.address} is not an edu device`,
    facts: { address: device.address, identification: id.getUint32(0, true) },
  });
}

/** A transfer that QEMU takes for one that leaves the buffer aborts the whole machine. */
function checkBuffer(length: number, offset: number): void {
  const sound = Number.isInteger(length) && Number.isInteger(offset) && length > 0 && offset >= 0;
  if (sound && offset + length < EDU_BUFFER_BYTES) return;
  throw new IommuError({
    code: "invalid-argument",
    operation: "edu transfer",
    sentence: `${length} bytes at ${offset} do not lie before the last of the device's ${EDU_BUFFER_BYTES} bytes`,
  });
}

function awaitIdle(read: (register: number) => bigint): void {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while ((read(DMA_COMMAND) & BigInt(START)) !== 0n)
    if (Date.now() > deadline)
      throw new IommuError({
        code: "region-access",
        operation: "edu transfer",
        sentence: `the device did not finish within ${PATIENCE_MILLISECONDS} ms`,
      });
}
