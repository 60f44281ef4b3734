/** A broker, a server and hooks in one namespace, for one [notify], and what they got. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TransitionRecord } from "../../../src/daemon/journal/record.ts";
import { ProgramLog } from "../interop/program_log.ts";
import { Mosquitto } from "./mosquitto.ts";
import type { LabHost } from "../lab/lab_host.ts";
import type { Posted } from "./receiver.ts";

const START_MS = 20_000;
const HTTP_PORT = 8080;
const RECEIVER = fileURLToPath(new URL("receiver.ts", import.meta.url));

/** Writes what it was told to the file that its first word names. */
const HOOK = `#!/bin/sh
echo "$FLOATIP_TIME $FLOATIP_INSTANCE $FLOATIP_FROM $FLOATIP_TO" >>"$(dirname "$0")/$1"
`;

/**
 * One transition as a listener heard it: "2026-11-21T03:04:05.678Z backup master"; ntfy tells no
 * time.
 */
export type Heard = string;

/** Everybody who can be told. Their programs end with their host. */
export class Listeners {
  private constructor(
    readonly folder: string,
    readonly http: ProgramLog,
    readonly broker: ProgramLog,
    readonly subscriber: ProgramLog,
  ) {}

  /** Starts them on `host`, with files in `folder`; resolves when all are ready. */
  static async start(host: LabHost, folder: string): Promise<Listeners> {
    writeFileSync(`${folder}/hook`, HOOK, { mode: 0o755 });
    for (const name of ["command", "states"]) writeFileSync(`${folder}/${name}`, "");
    const http = new ProgramLog(
      "receiver",
      host.spawn([Deno.execPath(), "run", "-A", "--no-check", RECEIVER, `${HTTP_PORT}`]),
    );
    const broker = await startBroker(host, folder);
    const subscriber = new ProgramLog(
      "subscriber",
      // Line by line: it would print to a pipe in blocks.
      host.spawn([
        "stdbuf",
        "-oL",
        "mosquitto_sub",
        "-h",
        "127.0.0.1",
        "-q",
        "1",
        "-t",
        "floatip/#",
        "-d",
        "-v",
      ]),
    );
    await http.until(/^listening/, START_MS);
    await subscriber.until(/^Subscribed/, START_MS);
    return new Listeners(folder, http, broker, subscriber);
  }

  /** The [notify] that tells them all. */
  get toml(): string {
    const hook = (log: string) => JSON.stringify([`${this.folder}/hook`, log]);
    return [
      "[notify]",
      `command = ${hook("command")}`,
      ...["on_master", "on_backup", "on_fault"].map((key) => `${key} = ${hook("states")}`),
      'user = "root"',
      `webhook = "http://127.0.0.1:${HTTP_PORT}/hook"`,
      `ntfy = "http://127.0.0.1:${HTTP_PORT}/topic"`,
      'mqtt = "mqtt://127.0.0.1"',
      "",
    ].join("\n");
  }

  /** What each has heard of `instance`, in order. */
  heard(instance: string): Readonly<Record<string, readonly Heard[]>> {
    const posted = linesOf(this.http, "{").map((line): Posted => JSON.parse(line));
    const at = (path: string) => posted.filter((one) => one.path === path);
    const ours = (record: TransitionRecord) => record.instance === instance;
    return {
      command: this.#hookLines("command", instance),
      states: this.#hookLines("states", instance),
      webhook: at("/hook").map(({ body }): TransitionRecord => JSON.parse(body)).filter(ours)
        .map(heardOf),
      ntfy: at("/topic").flatMap(({ title, body }) => {
        const to = new RegExp(`^${instance} .*: (\\w+)$`).exec(title ?? "")?.[1];
        return to === undefined ? [] : [`${/^was (\w+)/.exec(body)?.[1]} ${to}`];
      }),
      mqtt: linesOf(this.subscriber, `floatip/`)
        .filter((line) => line.split(" ", 1)[0]?.split("/")[2] === instance)
        .map((line): TransitionRecord => JSON.parse(line.slice(line.indexOf("{"))))
        .map(heardOf),
    };
  }

  #hookLines(log: string, instance: string): readonly Heard[] {
    const lines = readFileSync(`${this.folder}/${log}`, "utf8").trimEnd().split("\n");
    return lines.map((line) => line.split(" "))
      .filter(([, name]) => name === instance)
      .map(([time, , from, to]) => `${time} ${from} ${to}`);
  }
}

/** A broker on 127.0.0.1 that forgets everything when it ends. */
async function startBroker(host: LabHost, folder: string): Promise<ProgramLog> {
  const { log } = await Mosquitto.start(host, folder);
  return log;
}

/** A record in the form of {@link Heard}. */
export function heardOf({ time, from, to }: TransitionRecord): Heard {
  return `${time} ${from} ${to}`;
}

function linesOf(log: ProgramLog, start: string): readonly string[] {
  return log.lines.map(({ text }) => text).filter((text) => text.startsWith(start));
}
