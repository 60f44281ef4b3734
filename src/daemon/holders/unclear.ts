/** What questions to the holder of addresses cannot tell. */
import { nameIn } from "../../config/plan/plan.ts";
import { masterOf } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { IN_A_ROW } from "./look.ts";

/** What questions cannot tell, though they were asked. */
export function unclear(
  { state, plan, look: { macs, mute, double } }: VirtualRouter,
): readonly string[] {
  const known = masterOf(state);
  if (known === undefined) return [];
  const master = nameIn(plan, known.source);
  if (macs.length > 1) {
    return [
      `${master} answers with the hardware addresses ${
        macs.join(" and ")
      }: two machines have its ` +
      `address, or one has two cards on this LAN; this node cannot tell (on one machine with two ` +
      `cards set the sysctl net.ipv4.conf.all.arp_ignore to 1)`,
    ];
  }
  if (double !== undefined && double.times >= IN_A_ROW) {
    return [
      `${double.mac} answers each question twice: two machines have this hardware address, or ` +
      `the LAN carries packets twice; this node cannot tell`,
    ];
  }
  if (mute < IN_A_ROW) return [];
  return [
    `${master} is heard, and answers no question for any address: whether it holds the addresses ` +
    `is not known`,
  ];
}
