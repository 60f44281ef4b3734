/** tcpdump on a bridge of a LAN, its capture as a stream. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Lan } from "../lab/lan.ts";
import { realTimeWords } from "../lab/real_time.ts";

/**
 * Room for seconds of frames: a busy machine does not let the reader run. Without a length of
 * frames, the usual 2 MB are room for 32 of them.
 */
const ROOM = ["-B", "16384", "-s", "2048"];

/**
 * Starts it with `filter` (pcap-filter(7)); `read` attaches to its output before anything comes.
 * Resolves with what `read` made when tcpdump listens; rejects with its words where it ends. When
 * it has ended, it says how many frames it has lost.
 */
export async function openTcpdump<T>(
  lan: Lan,
  bridge: string,
  filter: string,
  read: (child: ChildProcess) => T,
): Promise<T> {
  const child = spawn("ip", [
    ...["netns", "exec", lan.bridgeNamespace, ...await realTimeWords()],
    ...["tcpdump", "-i", bridge, "-Z", "root", ...ROOM],
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
  child.on("close", () => {
    const lost = /([1-9]\d*) packets? dropped by/.exec(words)?.[1];
    if (lost !== undefined) console.log(`tcpdump on ${bridge} lost ${lost} frames`);
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
