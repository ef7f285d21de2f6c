// @iommukit/lab: what a program for the `iommukit run` command is written against.

export type { DeviceKind, Host, HostDevice, HostProgram } from "./host.ts";
