/** One attempt of each check, as the daemon makes it. */
import type { ProbeResult } from "../../health/check.ts";
import type { CheckSettings } from "../../config/tables/check.ts";

/** What one attempt found. */
export interface Tried {
  /** The check's. */
  readonly name: string;
  readonly result: ProbeResult;
}

/** So many attempts are under way at one time. */
const MOST_AT_ONCE = 16;

/**
 * Makes one attempt of each of `checks`, in their order, each within its timeout; commands run as
 * the user that the daemon would have run them as. Throws HostError where the machine cannot be
 * looked at.
 */
export async function tryChecks(checks: readonly CheckSettings[]): Promise<readonly Tried[]> {
  const { LinuxHost } = await import("../../linux/linux_host.ts");
  await using host = new LinuxHost();
  const waiting = checks.values();
  const results = new Map<string, ProbeResult>();
  const startNext = (): void => {
    const { value } = waiting.next();
    if (value !== undefined) host.startProbe(value);
  };
  for (let i = 0; i < MOST_AT_ONCE; i++) startNext();
  while (results.size < checks.length) {
    for (const event of await host.wait(undefined)) {
      if (event.kind !== "probe" || results.has(event.check)) continue;
      results.set(event.check, event.result);
      startNext();
    }
  }
  return checks.flatMap(({ name }) => {
    const result = results.get(name);
    return result === undefined ? [] : [{ name, result }];
  });
}
