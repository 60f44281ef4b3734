/** Flags and help of `floatip key`. */
import { buildCommand } from "@stricli/core";
import { configFlag, runDirFlag, switchFlag, textFlag } from "../flags.ts";
import type { KeyFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

const WHAT = ["new", "list", "rotate", "retire"] as const;
type What = (typeof WHAT)[number];

/** `floatip key` */
export const key = buildCommand<KeyFlags, [what: What, id?: string], Context>({
  func: choose(async () => (await import("./run.ts")).key),
  parameters: {
    flags: {
      print: switchFlag("new: print a key, write nothing"),
      force: switchFlag("Also where it is not known that all nodes are ready"),
      json: switchFlag("list: one JSON document"),
      credential: textFlag("NAME", "The credential of [cluster] secret (cluster)"),
      config: configFlag,
      runDir: runDirFlag,
    },
    aliases: { c: "config" },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: parseWhat,
        proposeCompletions: (partial) => WHAT.filter((word) => word.startsWith(partial)),
        placeholder: "new|list|rotate|retire",
        brief: "What to do",
      }, {
        parse: parseId,
        optional: true,
        placeholder: "ID",
        brief: "retire: which key (those that do not sign any more)",
      }],
    },
  },
  docs: {
    brief: "Draw and change the secret of [cluster], the same on all nodes",
    fullDescription: [
      "The keys are in /etc/floatip/credentials/cluster, which only root reads, one a line. One",
      "signs what the nodes tell each other, all of them verify. An id names a key and is no",
      "secret. No key is printed but by `new --print`.",
      "",
      "WHAT TO DO",
      "  new     draws the first key, and prints how the other nodes get it",
      "  list    which key signs, and which nodes use it, as far as the daemon knows",
      "  rotate  in two steps, so that all nodes hear each other all the time: the first draws a",
      "          key that verifies; when all nodes have it, the second lets it sign. Each step",
      "          prints how the other nodes get the file",
      "  retire  removes keys that no node signs with any more",
      "",
      "EXIT CODES",
      "  0  done     1  refused, and why     3  the keys are wrong     5  not permitted",
      "",
      "EXAMPLES",
      "  sudo floatip key new",
      "  sudo floatip key list",
      "  sudo floatip key rotate",
      "  sudo floatip key retire",
    ].join("\n"),
  },
});

function parseWhat(input: string): What {
  const what = WHAT.find((one) => one === input);
  if (what === undefined) throw new SyntaxError('write "new", "list", "rotate" or "retire"');
  return what;
}

function parseId(input: string): string {
  if (/^[\da-f]{8}$/i.test(input)) return input.toLowerCase();
  throw new SyntaxError("an id has 8 hexadecimal digits: floatip key list");
}
