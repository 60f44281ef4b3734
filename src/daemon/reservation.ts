/** Daemons of one machine: a virtual router is run by one of them, whatever their run directories are. */
import type { Host } from "../host.ts";
import { after, seconds } from "../time.ts";
import type { Fault } from "../vrrp/event.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { isHolder } from "../vrrp/state.ts";

/** How long until it is looked again whether the other daemon has ended. */
const AGAIN_AFTER = seconds(5);

/** Takes the virtual routers for this process, and notes in each that another one has which. */
export function reserveRouters(routers: readonly VirtualRouter[], host: Host): void {
  const names = new Map(routers.map((router) => [router, nameOf(router)]));
  const others = host.reserve([...names.values()].filter((name) => name !== undefined));
  for (const [router, name] of names) {
    const pid = name === undefined ? undefined : others.get(name);
    // Who holds the addresses lets go of them first.
    const isTaken = pid !== undefined && !isHolder(router.state);
    router.elsewhere = isTaken ? wordsOf(router, pid) : undefined;
    if (isTaken) router.retryAt = after(host.now(), AGAIN_AFTER);
  }
}

/** The fault of a virtual router that another daemon has. */
export function reservationFaults({ elsewhere }: VirtualRouter): readonly Fault[] {
  return elsewhere === undefined ? [] : [{ kind: "other-process", message: elsewhere }];
}

/** Undefined while its interface is not known. */
function nameOf({ plan }: VirtualRouter): string | undefined {
  const { vrid, family } = plan.rules;
  return plan.interface === undefined ? undefined : `floatip ${vrid} ${family} ${plan.interface}`;
}

function wordsOf({ plan }: VirtualRouter, pid: number): string {
  const which = pid === 0 ? "" : `, process ${pid},`;
  return `another floatip on this machine${which} runs VRID ${plan.rules.vrid} on ${plan.interface}`;
}
