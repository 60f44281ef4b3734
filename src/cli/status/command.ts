/** What does `floatip status` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, runDirFlag } from "../flags.ts";
import type { StatusFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip status` */
export const status = buildCommand<StatusFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).status),
  parameters: {
    flags: {
      json: jsonFlag("Everything that is known, as one JSON document"),
      watch: jsonFlag("Go on and on: redrawn each second, or printed at each change in a pipe"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Show which node holds which address, since when and why",
    fullDescription: [
      "Asks the daemon on this node. In VRRP only the master speaks, so the daemon asks the other",
      "nodes of the file once a minute whether floatip runs there; behind a packet filter that",
      "answers nothing it is unknown. What a person should look at comes last, under `attention`.",
      "",
      "EXIT CODES",
      "  0  every address is held by one node",
      "  1  an instance is in fault or does not know yet, floatip does not run on a node, a node is",
      "     lost, or something else is under `attention`",
      "  2  no node, or two nodes, hold an address, as far as this node can tell",
      "  4  the daemon is not running     5  not permitted to ask it",
      "",
      "EXAMPLES",
      "  floatip status",
      "  floatip status --watch",
      "  floatip status --json | jq -r '.instances[] | .name + \" \" + .state'",
      "",
      "Next: `floatip listen` shows what all others say on the LAN.",
    ].join("\n"),
  },
});
