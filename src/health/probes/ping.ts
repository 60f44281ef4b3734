/** Does a host answer an echo request, or an ARP request? By the system's ping and arping. */
import { runChild } from "../../process.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import { type Finding, firstLine, wordsOf } from "./finding.ts";

/** How a host is asked. Resolves with what was found; rejects, or is left behind, when `deadline` is aborted. */
export type Ping = (
  address: Ip,
  by: "icmp" | "arp",
  deadline: AbortSignal,
) => Promise<Finding>;

/** Longer than any timeout of a check, in seconds: the deadline ends the wait. */
const LONGEST_S = 86_400;

/**
 * Asks once with ping (iputils-ping) or arping (iputils-arping). Both need the right to open raw sockets, which Debian
 * gives ping; arping uses the daemon's.
 */
export async function pingBySystem(
  address: Ip,
  by: "icmp" | "arp",
  deadline: AbortSignal,
): Promise<Finding> {
  const text = formatIp(address);
  const argv = by === "icmp"
    ? ["ping", "-n", "-q", "-c", "1", "-W", `${LONGEST_S}`, text]
    : ["arping", "-q", "-c", "1", "-w", `${LONGEST_S}`, text];
  const outcome = await runChild({
    argv,
    privileged: true,
    timeoutMs: LONGEST_S * 1000,
    outputLimit: 1024,
    stop: deadline,
  });
  if (outcome.code === 0) return { ok: true, words: "answered" };
  // chrt says so where the program is not there.
  if (outcome.code === 127) return { ok: false, words: `${argv[0]} is not installed` };
  const said = firstLine(outcome.stderr);
  return { ok: false, words: said === "" ? "no answer" : wordsOf(said) };
}
