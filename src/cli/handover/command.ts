/** Flags and help of `floatip handover`. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, switchFlag, text, textFlag, timeFlag } from "../flags.ts";
import type { HandoverFlags } from "./run.ts";
import { proposeInstances, proposeNodes } from "../names.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip handover` */
export const handover = buildCommand<HandoverFlags, [instance: string], Context>({
  func: choose(async () => (await import("./run.ts")).handover),
  parameters: {
    flags: {
      to: textFlag(
        "NODE",
        "The node that must take over; without [cluster] refused if another one would",
        proposeNodes,
      ),
      for: timeFlag("Go back to the priorities after this time, such as 30m"),
      back: switchFlag("End a handover: go back to the priorities now"),
      json: switchFlag("The answer as one JSON document"),
      runDir: runDirFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: text,
        proposeCompletions: proposeInstances,
        placeholder: "INSTANCE",
        brief: "The instance to hand over",
      }],
    },
  },
  docs: {
    brief: "Move an instance to another node now, without losing packets",
    fullDescription: [
      "This node keeps the addresses until another node has taken over and its adverts arrive;",
      "only then it removes them. If no node takes over, it keeps them and says so. Works with",
      "keepalived on the other nodes. Afterwards this node does not take the instance back while",
      "the other one lives, until --for ends, `--back` is given here, or the other node hands it",
      "over. With [cluster] --to may name a node that others come before: they stand aside.",
      "",
      "EXIT CODES",
      "  0  another node holds it     1  it stays here, and why     4  the daemon is not running",
      "",
      "EXAMPLES",
      "  floatip handover web",
      "  floatip handover web --to pi-b --for 30m",
      "  floatip handover web --back",
      "",
      "To hand over everything that this node holds: `floatip maintenance on`.",
    ].join("\n"),
  },
});
