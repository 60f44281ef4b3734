/** What does `man floatip` say? What `--help` says, from the same tables, and where things are. */
import type { Command, CommandContext } from "@stricli/core";
import { APPLICATION } from "../../src/cli/application.ts";
import { DEFAULT_CONFIG_FILE } from "../../src/cli/configuration_file.ts";
import { DEFAULT_RUN_DIR, readingSocketPath, socketPath } from "../../src/control/socket.ts";
import { DEFAULT_STATE_DIR } from "../../src/history/place.ts";
import {
  bold,
  broken,
  entry,
  helpText,
  inline,
  italic,
  page,
  paragraph,
  section,
  subsection,
  title,
} from "./roff.ts";

/** One command that people type. */
interface Verb {
  readonly name: string;
  readonly command: Command<CommandContext>;
}

/** floatip(8). `epoch`: its date, in seconds since 1970. */
export function programPage(version: string, epoch: number): string {
  const verbs = verbsOf();
  const root = APPLICATION.root;
  const [what = ""] = (root.fullDescription ?? "").split("\n\n");
  return page(
    title("floatip", 8, version, epoch),
    section("NAME"),
    `floatip \\- ${inline(lowerFirst(root.brief))}`,
    section("SYNOPSIS"),
    broken(
      ...verbs.map(synopsis),
      `${bold("floatip")} [${italic("COMMAND")}] ${bold("--help")}`,
      bold("floatip --version"),
    ),
    section("DESCRIPTION"),
    helpText(what),
    paragraph(`The file that tells it what to do is described in ${bold("floatip.toml")}(5).`),
    section("COMMANDS"),
    ...verbs.map(describe),
    section("SIGNALS"),
    ...SIGNALS.map(([name, text]) => entry(bold(name), inline(text))),
    section("FILES"),
    ...FILES.map(([name, text]) => entry(italic(name), inline(text))),
    section("ENVIRONMENT"),
    ...ENVIRONMENT.map(([name, text]) => entry(bold(name), inline(text))),
    section("EXIT STATUS"),
    ...EXIT_STATUS.map(([code, text]) => entry(bold(code), inline(text))),
    section("SEE ALSO"),
    SEE_ALSO.map(([name, part]) => `${bold(name)}(${part})`).join(", "),
  );
}

function verbsOf(): readonly Verb[] {
  const { root } = APPLICATION;
  if (!("getAllEntries" in root)) return [];
  return root.getAllEntries().filter(({ hidden }) => !hidden).flatMap(({ name, target }) =>
    "parameters" in target
      ? [{ name: name.original, command: target as Command<CommandContext> }]
      : []
  );
}

/** Parameters as the parser keeps them. */
type Flag = NonNullable<Command<CommandContext>["parameters"]["flags"]>[string];

function flagsOf(
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

function argumentsOf({ command }: Verb): readonly string[] {
  const { positional } = command.parameters;
  if (positional === undefined) return [];
  const parameters = positional.kind === "tuple" ? positional.parameters : [positional.parameter];
  return parameters.map((one) => {
    const name = italic(one.placeholder ?? "ARGUMENT");
    return "optional" in one && one.optional === true ? `[${name}]` : name;
  });
}

function synopsis(verb: Verb): string {
  const flags = flagsOf(verb).map(({ name, flag }) => {
    const written = [bold(name), valueOf(flag)].filter((part) => part !== "").join(" ");
    return "optional" in flag && flag.optional === true ? `[${written}]` : written;
  });
  return [bold(`floatip ${verb.name}`), ...flags, ...argumentsOf(verb)].join(" ");
}

function valueOf(flag: Flag): string {
  if (flag.kind === "enum") return flag.values.map(bold).join("|");
  if (flag.kind === "parsed") return italic(flag.placeholder ?? "VALUE");
  return "";
}

function describe(verb: Verb): string {
  const flags = flagsOf(verb).map(({ name, alias, flag }) => {
    const names = [...(alias === undefined ? [] : [bold(`-${alias}`)]), bold(name)].join(", ");
    const tag = [names, valueOf(flag)].filter((part) => part !== "").join(" ");
    return entry(tag, inline(`${flag.brief}.`));
  });
  return [
    subsection(["floatip", verb.name].join(" ")),
    paragraph(inline(`${verb.command.brief}.`)),
    helpText(verb.command.fullDescription ?? ""),
    ...(flags.length === 0 ? [] : [paragraph(bold("Flags"))]),
    ...flags,
  ].filter((part) => part !== "").join("\n");
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

const SIGNALS = [
  ["SIGTERM, SIGINT", "`floatip run` leaves in order: the addresses go, the others are told."],
  ["SIGHUP", "`floatip run` reads its file again, as `floatip reload` does."],
] as const;

const FILES = [
  [DEFAULT_CONFIG_FILE, "The configuration, the same on every node. An example lies beside it."],
  [socketPath(DEFAULT_RUN_DIR), "HTTP for those who give orders: the daemon's user, and root."],
  [readingSocketPath(DEFAULT_RUN_DIR), "The same for the group `floatip`, which only reads."],
  [`${DEFAULT_STATE_DIR}/history.jsonl`, "What `floatip events` shows."],
  ["/usr/share/doc/floatip/examples", "Configurations for usual cases."],
  ["/usr/share/floatip/prometheus/floatip.rules.yml", "Alert rules for Prometheus."],
  ["/usr/share/floatip/grafana/floatip.json", "A dashboard for Grafana."],
] as const;

const ENVIRONMENT = [
  ["NO_COLOR", "If it is not empty, nothing is coloured."],
  ["FLOATIP_DEBUG", "If it is 1, failures that nobody foresaw come with the place in the program."],
  [
    "CREDENTIALS_DIRECTORY",
    'Where `{ credential = "NAME" }` in the file looks for NAME; systemd sets it, see LoadCredential= in `systemd.exec`(5).',
  ],
] as const;

const EXIT_STATUS = [
  ["0", "Done, or healthy."],
  ["1", "Failed; status: degraded; check: the file is sound, this machine does not fit it."],
  ["2", "Wrong usage; status: nobody or two nodes hold an address."],
  ["3", "The configuration is invalid."],
  ["4", "The daemon is not running."],
  ["5", "Not permitted."],
] as const;

const SEE_ALSO = [["floatip.toml", 5], ["systemctl", 1], ["journalctl", 1], [
  "ip-address",
  8,
]] as const;
