/** What the driver asks of leases: exclusive addresses are held with one alone. */
import type { VirtualRouter } from "../virtual_router.ts";

/** Between the engine and what decides on leases. */
export interface LeaseGate {
  /** Why `router`, a holder, may not hold its addresses any more; undefined: it may. */
  ended(router: VirtualRouter): string | undefined;
  /** May `router` become the holder of its addresses now? Its fence is open then. */
  permits(router: VirtualRouter): boolean;
  /** The engine has made a step, and its effects are done. */
  stepped(router: VirtualRouter): void;
  /** A holder has advertised: its lease is renewed. */
  advertised(router: VirtualRouter): void;
}
