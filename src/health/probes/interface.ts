/** Is an interface there, switched on, and connected? */
import { type Interfaces, linkNamed } from "../../net/interfaces.ts";
import type { Probe } from "../check.ts";
import type { Finding } from "./outcome.ts";

/** Looks the interface up in `interfaces`, what the kernel last told of the machine's network. */
export function probe(
  settings: Extract<Probe, { kind: "interface" }>,
  interfaces: Interfaces,
): Finding {
  const link = linkNamed(interfaces, settings.name);
  if (link === undefined) return { ok: false, words: "no such interface" };
  if (!link.up) return { ok: false, words: "switched off" };
  return link.running ? { ok: true, words: "up" } : { ok: false, words: "no carrier" };
}
