// What the kernel needs of a PCI function: configuration space, BARs, reset and its interrupt line.
//
// The machine adapts its simulated devices to this; the kernel knows no device by name. Message
// interrupts do not come this way: they arrive at the interrupt controller as writes on the bus.

export interface PciBar {
  /** Bytes, a power of two; 0 for a BAR that the function does not have. */
  readonly length: number;
  readonly kind: "memory" | "io";
}

export interface PciFunction {
  readonly vendor: number;
  readonly device: number;
  /** The 24-bit class code, as sysfs prints it. */
  readonly classCode: number;
  /** Bytes of configuration space: 256 or 4096. */
  readonly configSize: number;
  /** Six, in order. */
  readonly bars: readonly PciBar[];
  /** One byte of configuration space. */
  readConfig(offset: number): number;
  /** Bytes within one dword of configuration space, as one access. */
  writeConfig(offset: number, bytes: Uint8Array): void;
  /** One naturally aligned access of 1, 2, 4 or 8 bytes. */
  readBar(bar: number, offset: number, into: Uint8Array): void;
  writeBar(bar: number, offset: number, from: Uint8Array): void;
  /** Resets the function; absent when it cannot be reset alone. */
  readonly reset?: () => void;
  /** Tells the function where its INTx line goes. */
  connectLine(line: (asserted: boolean) => void): void;
}
