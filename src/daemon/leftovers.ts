/** What a killed program has left of floating addresses, and what is done about it. */
import { mayBeLeftover, type OwnAddress } from "../config/plan/own_address.ts";
import type { Host } from "../host.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import { formatPrefix } from "../net/prefix.ts";
import { isHolder } from "../vrrp/state.ts";
import { type AddressWork, attempt } from "./effects.ts";
import { masterHeard } from "./holders/health.ts";
import type { Journal } from "./journal/journal.ts";
import { labelOf } from "./journal/log.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/**
 * Takes those of `own` away that a killed program has left (config/plan/own_address.ts) and another
 * node is heard to be master of; one after the other, with turns of others in between. Never
 * throws.
 */
export function* removingLeftovers(
  own: readonly OwnAddress[],
  router: VirtualRouter,
  host: Host,
  journal: Journal,
): AddressWork {
  if (isHolder(router.state)) return;
  const interfaces = host.interfaces();
  const master = masterHeard(router, host.now())?.source;
  const heard = master && router.heard.get(formatIp(master));
  if (master === undefined || heard?.otherAddresses === true) return;
  for (const one of own) {
    if (!mayBeLeftover(one, interfaces)) continue;
    remove(one, master, router, host, journal);
    yield 1;
  }
}

function remove(
  { held, entry }: OwnAddress,
  master: Ip,
  router: VirtualRouter,
  host: Host,
  journal: Journal,
): void {
  const where = `${formatPrefix(entry.prefix)} on ${held.interface}`;
  const words = `was not put there by floatip: removed, ${formatIp(master)} is master of it`;
  journal.write("warning", `${labelOf(router.plan)}: ${where} ${words}`);
  attempt(router, journal, () => host.removeAddress({ ...held, prefix: entry.prefix }));
}
