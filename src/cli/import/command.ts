/** What does `floatip import` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, text } from "../flags.ts";
import { DEFAULT_KEEPALIVED_FILE, type ImportFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip import` */
export const importFile = buildCommand<ImportFlags, [file?: string | undefined], Context>({
  func: choose(async () => (await import("./run.ts")).importFile),
  parameters: {
    flags: {
      output: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "FILE",
        brief: "Where to write the result (standard output)",
      },
      force: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Write over a file that is there already",
      },
      nodeId: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "ID",
        brief:
          "The node whose @ID lines count, as keepalived -i (the host name up to its first dot)",
      },
      json: jsonFlag("The report as one JSON document"),
    },
    aliases: { o: "output", i: "nodeId" },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: text,
        optional: true,
        placeholder: "FILE",
        brief: `The file of keepalived's (${DEFAULT_KEEPALIVED_FILE})`,
      }],
    },
  },
  docs: {
    brief: "Turn a keepalived.conf into a configuration of floatip's",
    fullDescription: [
      "Reads the file as keepalived does, with its includes, macros and @ID lines, and prints what it",
      "says in floatip's words. The report on standard error names every directive with its place:",
      "carried over, changed and why, or not carried over and what to do instead. What needs a",
      "decision is marked with !. Nothing on this machine is changed, and keepalived need not be here.",
      "",
      "A node with the result works beside nodes that still run keepalived: move one after the other.",
      "",
      "EXIT CODES",
      "  0  all that matters is in the result",
      "  1  something is not, or differs: see what is marked with !",
      "  3  the file is no keepalived.conf: the place and the reason are named",
      "",
      "EXAMPLES",
      "  floatip import",
      "  floatip import /etc/keepalived/keepalived.conf --output /etc/floatip/floatip.toml",
      "  floatip import keepalived.conf --node-id pi-b 2> report.txt",
      "",
      "Next: `floatip check`.",
    ].join("\n"),
  },
});
