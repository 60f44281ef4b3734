/** Flags and help of `floatip notify-test`. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, switchFlag } from "../flags.ts";
import type { NotifyTestFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip notify-test` */
export const notifyTest = buildCommand<NotifyTestFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).notifyTest),
  parameters: {
    flags: {
      json: switchFlag("The answers as one JSON document"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Send one message through each command and service of [notify]",
    fullDescription: [
      "The running daemon sends the present state once more to each command and service, with the",
      'reason "test", and the results are printed.',
      "",
      "EXIT CODES",
      "  0  all were delivered     1  some were not     4  the daemon is not running",
      "",
      "EXAMPLES",
      "  floatip notify-test",
      "",
      "Next: `floatip status` shows all deliveries.",
    ].join("\n"),
  },
});
