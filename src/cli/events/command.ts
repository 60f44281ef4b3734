/** Flags and help of `floatip events`. */
import { buildCommand } from "@stricli/core";
import { parseMoment, stateDirFlag, switchFlag, textFlag, valueFlag } from "../flags.ts";
import type { EventsFlags } from "./run.ts";
import { proposeInstances } from "../names.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip events` */
export const events = buildCommand<EventsFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).events),
  parameters: {
    flags: {
      follow: switchFlag("Go on with new entries until Ctrl-C"),
      since: valueFlag(
        parseMoment,
        "T",
        "Only entries since T: 10m, 2h, 1d ago, or 2026-11-21T03:04:05Z",
      ),
      instance: textFlag("NAME", "Only entries of this instance", proposeInstances),
      json: switchFlag("One JSON object for each entry, one per line"),
      stateDir: stateDirFlag,
    },
    aliases: { f: "follow", i: "instance" },
  },
  docs: {
    brief: "Show what happened on this node, when and why",
    fullDescription: [
      "One line for each transition of an instance, oldest first, in local time: the old and the",
      "new state, and the cause. `(planned)` means that an operator asked for it: start, stop or",
      "reload. A near miss is a backup that almost took over from a master that is alive: one",
      "more lost advert, and two nodes would have held the address.",
      "",
      "Reads a file, so it works without the daemon. Every node has its own. It holds some",
      "thousand entries and at most 1 MiB; the oldest are removed first.",
      "",
      "EXIT CODES",
      "  0  done, also where nothing has happened yet",
      "  5  not permitted to read the history",
      "",
      "EXAMPLES",
      "  floatip events",
      "  floatip events --since 1d --instance web",
      "  floatip events --follow",
      '  floatip events --json | jq -r \'select(.to == "master") | .time + " " + .instance\'',
      "",
      "Next: `floatip status` shows the state now.",
    ].join("\n"),
  },
});
