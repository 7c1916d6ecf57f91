/** Thrown by a scenario that cannot run here; the message says why. */
export class Skip extends Error {}
