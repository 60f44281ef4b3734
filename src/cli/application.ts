/** The commands and their parser. Flags and help of each are in its folder, in command.ts. */
import type { Application } from "@stricli/core";
import { check } from "./check/command.ts";
import { doctor } from "./doctor/command.ts";
import { complete } from "./complete/command.ts";
import { completions } from "./completions/command.ts";
import { events } from "./events/command.ts";
import { firewall } from "./firewall/command.ts";
import { handover } from "./handover/command.ts";
import { importFile } from "./import/command.ts";
import { init } from "./init/command.ts";
import { invite } from "./invite/command.ts";
import { join } from "./join/command.ts";
import { key } from "./key/command.ts";
import { listen } from "./listen/command.ts";
import { maintenance } from "./maintenance/command.ts";
import { notifyTest } from "./notify_test/command.ts";
import { reload } from "./reload/command.ts";
import { release } from "./release/command.ts";
import { restart } from "./restart/command.ts";
import { runCommand } from "./run/command.ts";
import { runner } from "./runner/command.ts";
import { status } from "./status/command.ts";
import { stopping } from "./stopping/command.ts";
import { version } from "./version/command.ts";
import type { Context } from "./lazy.ts";
import { alignColumns } from "./table.ts";
import { parserOf } from "./parser.ts";

const DESCRIPTION = [
  "floatip gives a few Linux machines one floating IP address: one node, the master, holds it,",
  "and when that node fails, another takes it within seconds. It speaks VRRP, so keepalived and",
  "routers may take part.",
  "",
  "BEGIN HERE",
  "  1. floatip init                      on one node: it listens, asks, and writes the file",
  "  2. floatip join ADDRESS TOKEN        on each other node: the line that init prints",
  "  3. systemctl enable --now floatip    on every node; or, to try, `floatip run` as root",
  "  4. floatip doctor                    finds common problems",
  "  5. floatip status --watch            then pull a cable",
  "",
  "`floatip help COMMAND` explains a command with examples.",
].join("\n");

/** The whole command line. */
export const APPLICATION: Application<Context> = parserOf({
  init,
  invite,
  join,
  import: importFile,
  // By a path that no other command uses: packaging/build.ts leaves the daemon out by it.
  run: runCommand(async () => (await import("./run/run.ts")).run),
  status,
  check,
  reload,
  handover,
  maintenance,
  restart,
  events,
  doctor,
  firewall,
  listen,
  key,
  "notify-test": notifyTest,
  completions,
  version,
  runner,
  complete,
  release,
  stopping,
}, {
  // For systemd and for shells, not for people.
  hideRoute: { runner: true, complete: true, release: true, stopping: true },
  fullDescription: DESCRIPTION,
});

/** The text of `floatip` without a command: what floatip is, how to begin, and its commands. */
export function startText(): string {
  const entries = "getAllEntries" in APPLICATION.root ? APPLICATION.root.getAllEntries() : [];
  const rows = entries.filter(({ hidden }) => !hidden)
    .map(({ name, target }) => ["", name.original, target.brief]);
  return [DESCRIPTION, "", "COMMANDS", ...alignColumns(rows), ""].join("\n");
}

/** `floatip help` and `floatip help COMMAND` are what `--help` is. */
export function withoutHelpWord(args: readonly string[]): readonly string[] {
  const [first, command, ...rest] = args;
  if (first !== "help") return args;
  return command === undefined || command.startsWith("-")
    ? ["--help"]
    : [command, ...rest, "--help"];
}
