/**
 * docs/reference/commands.md and exit-codes.md, from the tables that floatip(8) is printed from.
 */
import {
  argumentsOf,
  ENVIRONMENT,
  EXIT_STATUS,
  FILES,
  type Flag,
  flagsOf,
  SIGNALS,
  type Verb,
  verbsOf,
} from "../man/verbs.ts";
import { code, helpBlocks, inline, item, page, verbatim, wrap } from "./markdown.ts";

const SOURCE = "`src/cli/*/command.ts`";

/** What every command does, with its flags. */
export function commandsPage(): string {
  return page("Commands", SOURCE, [
    wrap(
      "`floatip COMMAND --help` and the manual page `floatip`(8) say the same. " +
        "[Exit codes](exit-codes.md) have a page of their own.",
    ),
    verbsOf().map(({ name, command }) =>
      item(`[${code(`floatip ${name}`)}](#floatip-${name}): ${inline(command.brief)}`)
    ).join("\n"),
    ...verbsOf().flatMap(describe),
    "## Signals",
    listed(SIGNALS),
    "## Files",
    listed(FILES),
    "## Environment",
    listed(ENVIRONMENT),
  ]);
}

/** The codes of all commands, and what each command says of its own. */
export function exitCodesPage(): string {
  const own = verbsOf().flatMap(({ name, command }) => {
    const blocks = (command.fullDescription ?? "").split("\n\n");
    const codes = blocks.find((block) => block.startsWith("EXIT CODES\n"));
    return codes === undefined
      ? []
      : [`## ${code(`floatip ${name}`)}`, ...helpBlocks(codes.replace("EXIT CODES\n", ""))];
  });
  return page("Exit codes", SOURCE, [
    listed(EXIT_STATUS),
    wrap(
      "With `--json` a command that fails prints one object with `error`, `hint` and `exit` instead of text.",
    ),
    ...own,
  ]);
}

function listed(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, text]) => item(`${code(name)}: ${inline(text)}`)).join("\n");
}

function describe(verb: Verb): readonly string[] {
  const flags = flagsOf(verb).map(({ name, alias, flag }) => {
    const names = [...(alias === undefined ? [] : [`-${alias}`]), name].join(", ");
    const written = [names, valueOf(flag)].filter((part) => part !== "").join(" ");
    return item(`${code(written)}: ${inline(flag.brief)}.`);
  });
  return [
    `## ${code(`floatip ${verb.name}`)}`,
    verbatim(synopsis(verb)),
    wrap(inline(`${verb.command.brief}.`)),
    ...helpBlocks(verb.command.fullDescription ?? ""),
    ...(flags.length === 0 ? [] : ["**Flags**", flags.join("\n")]),
  ];
}

/** In lines of at most 100 columns. */
function synopsis(verb: Verb): readonly string[] {
  const flags = flagsOf(verb).map(({ name, flag }) => {
    const written = [name, valueOf(flag)].filter((part) => part !== "").join(" ");
    return "optional" in flag && flag.optional === true ? `[${written}]` : written;
  });
  const names = argumentsOf(verb).map(({ name, optional }) => optional ? `[${name}]` : name);
  // A blank within brackets is no place to break.
  const parts = [...flags, ...names].map((part) => part.replaceAll(" ", "\0"));
  return wrap([`floatip\0${verb.name}`, ...parts].join(" "), "    ").replaceAll("\0", " ").split(
    "\n",
  );
}

function valueOf(flag: Flag): string {
  if (flag.kind === "enum") return flag.values.join("|");
  return flag.kind === "parsed" ? flag.placeholder ?? "VALUE" : "";
}
