/** Wall-clock time for tests: the clock of captures, logs and histories. */

/**
 * CLOCK_REALTIME, in milliseconds since 1970 with their fraction. Unlike performance.timeOrigin +
 * performance.now() it goes along where somebody sets the clock, as the kernel's stamps do.
 */
export function wallNow(): number {
  return Number(Temporal.Now.instant().epochNanoseconds) / 1e6;
}

// The first one takes V8 8 ms.
wallNow();
