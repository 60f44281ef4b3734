/** Flags and help of `floatip import`. */
import { buildCommand } from "@stricli/core";
import { optionalText, switchFlag, textFlag } from "../flags.ts";
import { DEFAULT_KEEPALIVED_FILE } from "../configuration_file.ts";
import type { ImportFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip import` */
export const importFile = buildCommand<ImportFlags, [file?: string | undefined], Context>({
  func: choose(async () => (await import("./run.ts")).importFile),
  parameters: {
    flags: {
      output: textFlag("FILE", "Where to write the result (standard output)"),
      force: switchFlag("Overwrite an existing file"),
      nodeId: textFlag(
        "ID",
        "The node whose @ID lines count, as keepalived -i (the host name up to its first dot)",
      ),
      json: switchFlag("The report as one JSON document"),
    },
    aliases: { o: "output", i: "nodeId" },
    positional: optionalText("FILE", `The keepalived.conf (${DEFAULT_KEEPALIVED_FILE})`),
  },
  docs: {
    brief: "Convert a keepalived.conf to a floatip configuration",
    fullDescription: [
      "Reads the file as keepalived does, with includes, macros and @ID lines, and prints the",
      "same as floatip TOML. The report on standard error lists every directive with its place:",
      "carried over, changed and why, or not carried over and what to do instead. A ! marks what",
      "needs a decision. Changes nothing on this machine; keepalived need not be installed.",
      "",
      "A node with the result works with nodes that still run keepalived: move one after the",
      "other.",
      "",
      "EXIT CODES",
      "  0  everything that matters is in the result",
      "  1  something is missing or differs: look at what is marked with !",
      "  3  the file is not a keepalived.conf: the report says where and why",
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
