/** tcpdump on a bridge of a LAN, its capture as a stream. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Lan } from "../lab/lan.ts";

/**
 * Starts it with `filter` (pcap-filter(7)); `read` attaches to its output before anything comes.
 * Resolves with what `read` made when tcpdump listens; rejects with its words where it ends.
 */
export async function openTcpdump<T>(
  lan: Lan,
  bridge: string,
  filter: string,
  read: (child: ChildProcess) => T,
): Promise<T> {
  const child = spawn("ip", [
    ...["netns", "exec", lan.bridgeNamespace, "tcpdump", "-i", bridge, "-Z", "root"],
    ...["-w", "-", "-U", "--immediate-mode", "--time-stamp-precision=nano"],
    filter,
  ], { stdio: ["ignore", "pipe", "pipe"] });
  const made = read(child);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    words += text;
    if (words.includes("listening on")) resolve();
  });
  child.on("exit", () => reject(new Error(`tcpdump ended: ${words}`)));
  await promise;
  return made;
}

/** Ends it; resolves when it has ended. */
export async function endTcpdump(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGTERM");
  await ended;
}
