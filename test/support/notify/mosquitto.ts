/** Debian's mosquitto in a namespace, without persistence. */
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { once } from "node:events";
import { ProgramLog } from "../interop/program_log.ts";
import type { LabHost } from "../lab/lab_host.ts";

const START_MS = 20_000;

/** Lines of mosquitto.conf(5): whoever connects may do all. */
export const OPEN: readonly string[] = ["listener 1883 127.0.0.1", "allow_anonymous true"];

/** A running broker; it ends with its host. */
export class Mosquitto {
  private constructor(readonly log: ProgramLog, readonly child: ChildProcess) {}

  /** Starts it with `lines` in a file in `folder`; resolves when it listens. */
  static async start(host: LabHost, folder: string, lines = OPEN): Promise<Mosquitto> {
    const file = `${folder}/mosquitto.conf`;
    writeFileSync(file, ["user root", ...lines, ""].join("\n"));
    const child = host.spawn(["mosquitto", "-c", file]);
    const log = new ProgramLog("mosquitto", child);
    await log.until(/running$/, START_MS);
    return new Mosquitto(log, child);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

/**
 * What the broker keeps: topic and payload of every retained message, told to somebody who comes
 * now.
 */
export async function retained(
  host: LabHost,
  ...words: readonly string[]
): Promise<ReadonlyMap<string, string>> {
  const argv = ["mosquitto_sub", "-h", "127.0.0.1", "-t", "#", "-W", "1", "-F", "%r %t %p"];
  const { stdout } = await host.exec([...argv, ...words]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("1 "));
  return new Map(lines.map((line) => {
    const [, topic = "", ...payload] = line.split(" ");
    return [topic, payload.join(" ")];
  }));
}
