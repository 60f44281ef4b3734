/**
 * The command line as manual page, reference and tests read it: commands, flags, arguments, files,
 * exit codes.
 */
import type { Command, CommandContext } from "@stricli/core";
import { APPLICATION } from "../../src/cli/application.ts";
import { DEFAULT_CONFIG_FILE } from "../../src/cli/configuration_file.ts";
import { DEFAULT_RUN_DIR, readingSocketPath, socketPath } from "../../src/control/socket.ts";
import { DEFAULT_STATE_DIR } from "../../src/history/place.ts";

/** One command that people type. */
export interface Verb {
  readonly name: string;
  readonly command: Command<CommandContext>;
}

/** Every command that people type, in the order of the help. */
export function verbsOf(): readonly Verb[] {
  const { root } = APPLICATION;
  if (!("getAllEntries" in root)) return [];
  return root.getAllEntries().filter(({ hidden }) => !hidden).flatMap(({ name, target }) =>
    "parameters" in target
      ? [{ name: name.original, command: target as Command<CommandContext> }]
      : []
  );
}

/** An argument of a command. */
export interface Argument {
  readonly name: string;
  readonly optional: boolean;
}

/** A flag as the parser keeps it. */
export type Flag = NonNullable<Command<CommandContext>["parameters"]["flags"]>[string];

/** The flags of a command with their names and letters. */
export function flagsOf(
  { command }: Verb,
): readonly { readonly name: string; readonly alias: string | undefined; readonly flag: Flag }[] {
  const aliases = Object.entries(command.parameters.aliases ?? {});
  return Object.entries(command.parameters.flags ?? {})
    .filter(([, flag]) => !("hidden" in flag && flag.hidden === true))
    .map(([name, flag]) => ({
      name: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      alias: aliases.find(([, of]) => of === name)?.[0],
      flag,
    }));
}

/** The arguments of a command. */
export function argumentsOf({ command }: Verb): readonly Argument[] {
  const { positional } = command.parameters;
  if (positional === undefined) return [];
  const parameters = positional.kind === "tuple" ? positional.parameters : [positional.parameter];
  return parameters.map((one) => {
    const optional = "optional" in one && one.optional === true;
    return { name: one.placeholder ?? "ARGUMENT", optional };
  });
}

/** Signals of the daemon. */
export const SIGNALS = [
  ["SIGTERM, SIGINT", "`floatip run` leaves in order: it hands the addresses over."],
  ["SIGHUP", "`floatip run` reads its file again, as `floatip reload` does."],
] as const;

/** Files and sockets. */
export const FILES = [
  [DEFAULT_CONFIG_FILE, "The configuration, the same on every node. An example lies beside it."],
  [socketPath(DEFAULT_RUN_DIR), "HTTP for commands: for the daemon's user and root."],
  [readingSocketPath(DEFAULT_RUN_DIR), "The same for the group `floatip`, which only reads."],
  [`${DEFAULT_STATE_DIR}/history.jsonl`, "What `floatip events` shows."],
  ["/usr/share/doc/floatip/docs", "Guides, reference and reasons."],
  ["/usr/share/doc/floatip/examples", "Configurations for usual cases."],
  ["/usr/share/floatip/prometheus/floatip.rules.yml", "Alert rules for Prometheus."],
  ["/usr/share/floatip/grafana/floatip.json", "A dashboard for Grafana."],
] as const;

/** Variables of the environment. */
export const ENVIRONMENT = [
  ["NO_COLOR", "If it is not empty, nothing is coloured."],
  ["FLOATIP_DEBUG", "If it is 1, unforeseen failures come with the place in the program."],
  [
    "CREDENTIALS_DIRECTORY",
    'Where `{ credential = "NAME" }` in the file looks for NAME; systemd sets it, see LoadCredential= in `systemd.exec`(5).',
  ],
] as const;

/** Exit codes of all commands. */
export const EXIT_STATUS = [
  ["0", "Done, or healthy."],
  ["1", "Failed; status: degraded; check: the file is sound, this machine does not fit it."],
  ["2", "Wrong usage; status: no node or two nodes hold an address."],
  ["3", "The configuration is invalid."],
  ["4", "The daemon is not running."],
  ["5", "Not permitted."],
] as const;
