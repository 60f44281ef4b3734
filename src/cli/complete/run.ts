/** `floatip complete`: the next words, for the completion scripts of the shells. */
import { type InputCompletion, proposeCompletions } from "@stricli/core";
import { LARGEST_FILE, readPlain } from "../../config/load.ts";
import { parseToml } from "../../config/syntax.ts";
import { APPLICATION } from "../application.ts";
import type { Context } from "../lazy.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** One word that may come next. */
export interface Proposal {
  readonly word: string;
  /** What it is for. */
  readonly brief: string;
}

/**
 * `floatip complete -- WORD... PARTIAL`: one line for each proposal, a tabulator before what it is
 * for. Never fails.
 */
export async function complete(
  terminal: Terminal,
  _flags: Readonly<Record<never, never>>,
  ...words: readonly string[]
): Promise<ExitCode> {
  const proposals = await propose(words).catch(() => []);
  terminal.out(proposals.map(({ word, brief }) => `${word}\t${brief}\n`).join(""));
  return EXIT.ok;
}

/**
 * What may stand in place of the last of `words`; none where a file is wanted, or nothing known
 * fits.
 */
export async function propose(words: readonly string[]): Promise<readonly Proposal[]> {
  const [partial = "", ...before] = words.toReversed();
  const assignment = /^(--[a-z-]+=)(.*)$/s.exec(partial);
  if (assignment !== null) {
    const [, flag = "", value = ""] = assignment;
    const proposals = await propose([...before.toReversed(), flag.slice(0, -1), value]);
    return proposals.map(({ word, brief }) => ({ word: `${flag}${word}`, brief }));
  }
  const found = await proposeCompletions(APPLICATION, words, contextOf(words));
  return chosenFrom(found, partial, takesArguments(words[0])).map(({ completion, brief }) => ({
    word: completion,
    brief,
  }));
}

/**
 * Flags where one was begun, or where nothing else can come; never "--", which nobody looks for.
 */
function chosenFrom(
  found: readonly InputCompletion[],
  partial: string,
  takesArguments: boolean,
): readonly InputCompletion[] {
  const flags = found.filter(({ kind, completion }) =>
    kind === "argument:flag" && completion !== "--"
  );
  if (partial.startsWith("-")) return flags;
  const others = found.filter(({ kind }) => kind !== "argument:flag");
  return others.length > 0 || takesArguments ? others : flags;
}

function takesArguments(verb: string | undefined): boolean {
  const { root } = APPLICATION;
  if (verb === undefined || !("getRoutingTargetForInput" in root)) return false;
  const target = root.getRoutingTargetForInput(verb);
  return target !== undefined && "parameters" in target &&
    target.parameters.positional !== undefined;
}

/** The names come from the file that the command would read. */
function contextOf(words: readonly string[]): Context {
  const at = words.findLastIndex((word) => word === "-c" || word === "--config");
  const long = words.find((word) => word.startsWith("--config="))?.slice("--config=".length);
  const file = long ?? (at >= 0 ? words[at + 1] : undefined) ?? DEFAULT_CONFIG_FILE;
  const nowhere = { write: () => {} };
  return {
    chosen: undefined,
    namesIn: (table) => keysOf(table, file),
    process: { stdout: nowhere, stderr: nowhere },
  };
}

/** Also of a file that is wrong elsewhere. */
async function keysOf(table: string, file: string): Promise<readonly string[]> {
  const text = await readPlain(file, LARGEST_FILE).then(
    ({ bytes }) => new TextDecoder().decode(bytes),
    () => "",
  );
  const parsed = parseToml(text);
  const written: unknown = parsed.kind === "problem" ? undefined : parsed.root[table];
  return typeof written !== "object" || written === null ? [] : Object.keys(written);
}
