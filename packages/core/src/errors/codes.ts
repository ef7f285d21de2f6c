// The closed list of error codes, each with one line of meaning.
//
// Callers switch on the code, never on text. A code is never renamed in a minor release; the
// lists below each contract method are values so that the conformance suite can hold backends to them.

/** Every code with its meaning. */
export const ERROR_CODES = {
  "invalid-address":
    "a value is not an address or a size: wrong type, negative, fractional, too large",
  "invalid-argument": "another argument is not what the method takes",
  misaligned: "an address or a size is not a multiple of the page size in force",
  "zero-size": "a size is zero where bytes are needed",
  "outside-window": "no one window covers the whole range",
  "already-mapped": "the range overlaps a live mapping",
  "not-mapped": "no live mapping lies in the range",
  "splits-mapping": "the range cuts a live mapping; mappings are removed whole",
  "memory-not-registered": "the host range was not registered before it was mapped",
  "memory-in-use": "memory is still mapped and cannot be freed",
  "memory-fault": "the kernel could not reach the host memory with the access asked for",
  "mapping-limit": "the kernel's number of mappings is used up",
  "locked-memory-limit": "the process may not lock more memory",
  "out-of-memory": "the kernel had no memory",
  "no-iova-space": "no free range of the size, alignment and limit asked for",
  closed: "the object was closed before",
  "wrong-state": "the object is not in a state that allows the call",
  "not-offered": "the backend does not offer what was asked",
  "no-backend": "no listed backend can serve these groups",
  "vfio-missing": "the kernel has no VFIO container: not built in, or the module is not loaded",
  "permission-denied": "this user may not do that",
  "group-not-found": "the IOMMU group does not exist or has no VFIO device",
  "group-not-viable": "a device of the group is held by a driver that is not VFIO's",
  "group-busy": "the group is open elsewhere, or already in a container",
  "device-not-found": "the device does not exist or has no IOMMU group",
  "device-busy": "the device is in use, by a driver or by an open descriptor",
  "region-access": "an access to a device region is outside it, or was refused or cut short",
  aborted: "the caller's AbortSignal stopped the operation",
  "close-failed": "closing failed in part; the causes are listed",
  "kernel-refused": "the kernel answered an errno that no other code names",
  "kernel-misbehaved": "the kernel's answer contradicts its own interface",
} as const;

/** One of the codes. */
export type ErrorCode = keyof typeof ERROR_CODES;

const ADDRESS = ["invalid-address", "invalid-argument"] as const;
const LIFE = ["closed", "wrong-state"] as const;
const KERNEL = [
  "kernel-refused",
  "kernel-misbehaved",
  "permission-denied",
  "out-of-memory",
] as const;

/** What `DmaPath.map` and its variants may throw. */
export const MAP_ERRORS: readonly ErrorCode[] = [
  ...ADDRESS,
  ...LIFE,
  ...KERNEL,
  "misaligned",
  "zero-size",
  "outside-window",
  "already-mapped",
  "memory-not-registered",
  "memory-fault",
  "mapping-limit",
  "locked-memory-limit",
  "no-iova-space",
  "not-offered",
  "aborted",
];

/** What `DmaPath.unmap` and `unmapAll` may throw. */
export const UNMAP_ERRORS: readonly ErrorCode[] = [
  ...ADDRESS,
  ...LIFE,
  ...KERNEL,
  "misaligned",
  "zero-size",
  "outside-window",
  "not-mapped",
  "splits-mapping",
];

/** What `DirtyTracking` may throw. */
export const DIRTY_ERRORS: readonly ErrorCode[] = [...UNMAP_ERRORS, "not-offered"];

/** What `AddressUpdate` may throw. */
export const ADDRESS_UPDATE_ERRORS: readonly ErrorCode[] = [...UNMAP_ERRORS, "not-offered"];

/** What `openContainer` and `ContainerControl.attach` may throw. */
export const ATTACH_ERRORS: readonly ErrorCode[] = [
  ...LIFE,
  ...KERNEL,
  "invalid-argument",
  "vfio-missing",
  "no-backend",
  "not-offered",
  "group-not-found",
  "group-not-viable",
  "group-busy",
  "device-not-found",
  "locked-memory-limit",
  "memory-fault",
];

/** What `WindowControl.create` and `remove` may throw. */
export const WINDOW_ERRORS: readonly ErrorCode[] = [
  ...ADDRESS,
  ...LIFE,
  ...KERNEL,
  "not-offered",
  "misaligned",
  "zero-size",
  "no-iova-space",
  "memory-in-use",
  "locked-memory-limit",
];
