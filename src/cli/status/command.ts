/** Flags and help of `floatip status`. */
import { buildCommand } from "@stricli/core";
import { optionalText, runDirFlag, switchFlag } from "../flags.ts";
import type { StatusFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";
import { proposeNodes } from "../names.ts";

/** `floatip status` */
export const status = buildCommand<StatusFlags, [node?: string], Context>({
  func: choose(async () => (await import("./run.ts")).status),
  parameters: {
    flags: {
      json: switchFlag("Everything that is known, as one JSON document"),
      watch: switchFlag("Go on until Ctrl-C: redraw each second; in a pipe print each change"),
      runDir: runDirFlag,
    },
    positional: optionalText(
      "NODE",
      "The node to show, as it sees itself; without it all of them",
      proposeNodes,
    ),
  },
  docs: {
    brief: "Show which node holds which address, since when and why",
    fullDescription: [
      "Asks the daemon on this node. With [cluster] the nodes tell each other their state once a",
      "second: status shows all of them, how old each word is, and how many could hold the",
      "addresses. NODE shows one node as it sees itself. Without [cluster] only the master is",
      "heard, so once a minute the daemon asks the other nodes of the file whether floatip runs",
      "there; where a packet filter drops the question the state of that node is unknown. Problems",
      "come last, under `attention`.",
      "",
      "EXIT CODES",
      "  0  every address is held by one node, and with [cluster] two nodes at least could hold it",
      "  1  an instance is in fault or still listens, a node is not there, files differ, one node",
      "     only could hold an address, or something else is under `attention`",
      "  2  no node, or two nodes, hold an address, as far as this node can tell",
      "  4  the daemon is not running     5  not permitted to ask it",
      "",
      "EXAMPLES",
      "  floatip status",
      "  floatip status pi-b",
      "  floatip status --watch",
      "  floatip status --json | jq -r '.instances[] | .name + \" \" + .state'",
      "",
      "Next: `floatip listen` prints the adverts on the LAN.",
    ].join("\n"),
  },
});
