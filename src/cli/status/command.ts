/** Flags and help of `floatip status`. */
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
      watch: jsonFlag("Go on until Ctrl-C: redraw each second; in a pipe print each change"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Show which node holds which address, since when and why",
    fullDescription: [
      "Asks the daemon on this node. In VRRP only the master sends, so once a minute the daemon",
      "asks the other nodes of the file whether floatip runs there; where a packet filter drops",
      "the question the state of that node is unknown. Problems come last, under `attention`.",
      "",
      "EXIT CODES",
      "  0  every address is held by one node",
      "  1  an instance is in fault or still listens, floatip does not run on a node, a node",
      "     is lost, or something else is under `attention`",
      "  2  no node, or two nodes, hold an address, as far as this node can tell",
      "  4  the daemon is not running     5  not permitted to ask it",
      "",
      "EXAMPLES",
      "  floatip status",
      "  floatip status --watch",
      "  floatip status --json | jq -r '.instances[] | .name + \" \" + .state'",
      "",
      "Next: `floatip listen` prints the adverts on the LAN.",
    ].join("\n"),
  },
});
