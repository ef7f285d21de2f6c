// What a call does to a kernel that has no answer for it: an oops, a BUG, a division by zero.
//
// Thrown through the port, so that the run stops: a program that drives a real kernel there is broken,
// whatever it does with errors.

/** A call that would have brought the kernel down, or left it in an undefined state. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
}
