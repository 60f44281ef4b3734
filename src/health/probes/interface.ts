/** Is an interface there, switched on, and connected? */
import { type Interfaces, linkNamed } from "../../net/interfaces.ts";
import type { Probe } from "../../config/tables/check.ts";
import type { ProbeOutcome } from "./outcome.ts";

/** Looks the interface up in `interfaces`, what the kernel last told of the machine's network. */
export function probe(
  settings: Extract<Probe, { kind: "interface" }>,
  interfaces: Interfaces,
): ProbeOutcome {
  const link = linkNamed(interfaces, settings.name);
  if (link === undefined) return { ok: false, text: "no such interface" };
  if (!link.up) return { ok: false, text: "switched off" };
  return link.running ? { ok: true, text: "up" } : { ok: false, text: "no carrier" };
}
