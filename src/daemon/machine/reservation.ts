/**
 * Daemons of one machine: a virtual router is run by one of them, whatever their run directories
 * are.
 */
import type { Host } from "../../host.ts";
import { after, seconds } from "../../time.ts";
import type { Fault } from "../../vrrp/event.ts";
import type { OwnedRouter } from "../virtual_router.ts";
import { isHolder } from "../../vrrp/state.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"elsewhere" | "retryAt">;

/** How long until it is looked again whether the other daemon has ended. */
const AGAIN_AFTER = seconds(5);

/** The virtual routers that this process has among all of its machine. */
export class Reservations {
  readonly #host: Host;
  /** Names that are wanted. */
  readonly #names = new Map<VirtualRouter, string>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Takes `routers` for this process, and notes in each that another one has which. */
  take(routers: readonly VirtualRouter[]): void {
    const isNew = routers.some((router) =>
      router.elsewhere !== undefined || this.#names.get(router) !== nameOf(router)
    );
    if (!isNew) return;
    for (const router of routers) {
      const name = nameOf(router);
      if (name === undefined) this.#names.delete(router);
      else this.#names.set(router, name);
    }
    const others = this.#host.reserve([...this.#names.values()]);
    for (const router of routers) {
      const pid = others.get(this.#names.get(router) ?? "");
      // The holder of the addresses lets go of them first.
      const isTaken = pid !== undefined && !isHolder(router.state);
      router.elsewhere = isTaken ? wordsOf(router, pid) : undefined;
      if (isTaken) router.retryAt = after(this.#host.now(), AGAIN_AFTER);
    }
  }

  /** `router` is gone; its name is given back with the next {@link take}. */
  release(router: VirtualRouter): void {
    this.#names.delete(router);
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
  return `another floatip on this machine${which} runs ` +
    `VRID ${plan.rules.vrid} on ${plan.interface}`;
}
