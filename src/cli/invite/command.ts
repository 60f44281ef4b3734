/** Flags and help of `floatip invite`. */
import { buildCommand } from "@stricli/core";
import { configFlag, parsePort, timeFlag, valueFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";
import type { InviteFlags } from "./run.ts";

/** `floatip invite` */
export const invite = buildCommand<InviteFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).invite),
  parameters: {
    flags: {
      for: timeFlag("How long to wait for the other nodes (15m)"),
      port: valueFlag(
        parsePort,
        "PORT",
        "The TCP port to listen at, on this node's own address (337)",
      ),
      config: configFlag,
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Give file and secret to the other nodes, by one line to run there",
    fullDescription: [
      "Prints one line, `floatip join ADDRESS TOKEN`, and waits until each other node of [nodes]",
      "has run it. It gets the configuration file and the secrets that the file names, encrypted",
      "by a key that only who has the token can make (100 random bits). The token is worth",
      "nothing when this command has ended. `floatip init` does the same at its end.",
      "",
      "A file without [nodes] goes to each machine that knows the token, until the time is over.",
      "",
      "EXIT CODES",
      "  0  all have come     1  one has not     3  the file is invalid     5  not permitted",
      "",
      "EXAMPLES",
      "  sudo floatip invite",
      "  sudo floatip invite --for 1h",
    ].join("\n"),
  },
});
