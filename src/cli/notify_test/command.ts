/** What does `floatip notify-test` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, runDirFlag } from "../flags.ts";
import type { NotifyTestFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip notify-test` */
export const notifyTest = buildCommand<NotifyTestFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).notifyTest),
  parameters: {
    flags: {
      json: jsonFlag("The answers as one JSON document"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Send one message through each command and service of [notify]",
    fullDescription: [
      "Has the running daemon tell each of its sinks once more how things are now, with the reason",
      '"test", and prints what each answered.',
      "",
      "EXIT CODES",
      "  0  all were told     1  some were not     4  the daemon is not running",
      "",
      "EXAMPLES",
      "  floatip notify-test",
      "",
      "Next: `floatip status` shows how deliveries went.",
    ].join("\n"),
  },
});
