/** Flags and help of `floatip maintenance`. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, switchFlag, textFlag, timeFlag } from "../flags.ts";
import type { MaintenanceFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

const WHAT = ["on", "off", "status"] as const;
type What = (typeof WHAT)[number];

/** `floatip maintenance` */
export const maintenance = buildCommand<MaintenanceFlags, [what: What], Context>({
  func: choose(async () => (await import("./run.ts")).maintenance),
  parameters: {
    flags: {
      reason: textFlag("TEXT", "Shown in status and log"),
      for: timeFlag("End by itself after this time, such as 2h"),
      force: switchFlag("Also if an address is then held by no node"),
      json: switchFlag("The answer as one JSON document"),
      runDir: runDirFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: parseWhat,
        proposeCompletions: (partial) =>
          ["on", "off", "status"].filter((word) => word.startsWith(partial)),
        placeholder: "on|off|status",
        brief: "What to do",
      }],
    },
  },
  docs: {
    brief: "Hand over everything and stay out of the election while it is on",
    fullDescription: [
      "on: this node hands over what it holds, without losing packets, and takes no part in",
      "elections until `off`, also after a restart or reboot. If no other node takes over, it is",
      "refused and this node stays master. With [cluster] it is refused before anything moves",
      "where no other node tells that it could hold an address. With --force the addresses then",
      "have no holder.",
      "",
      "EXIT CODES",
      "  0  done     1  refused, and why     4  the daemon is not running",
      "",
      "EXAMPLES",
      '  floatip maintenance on --reason "new SSD" --for 2h',
      "  floatip maintenance status",
      "  floatip maintenance off",
    ].join("\n"),
  },
});

function parseWhat(input: string): What {
  const what = WHAT.find((one) => one === input);
  if (what === undefined) throw new SyntaxError('write "on", "off" or "status"');
  return what;
}
