/** floatip(8): what `--help` says, from the same tables, and where things are. */
import { APPLICATION } from "../../src/cli/application.ts";
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
import {
  type Argument,
  argumentsOf,
  ENVIRONMENT,
  EXIT_STATUS,
  FILES,
  type Flag,
  flagsOf,
  SIGNALS,
  type Verb,
  verbsOf,
} from "./verbs.ts";

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

function synopsis(verb: Verb): string {
  const flags = flagsOf(verb).map(({ name, flag }) => {
    const written = [bold(name), valueOf(flag)].filter((part) => part !== "").join(" ");
    return "optional" in flag && flag.optional === true ? `[${written}]` : written;
  });
  return [bold(`floatip ${verb.name}`), ...flags, ...argumentsOf(verb).map(written)].join(" ");
}

function written({ name, optional }: Argument): string {
  return optional ? `[${italic(name)}]` : italic(name);
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

const SEE_ALSO = [["floatip.toml", 5], ["systemctl", 1], ["journalctl", 1], [
  "ip-address",
  8,
]] as const;
