/** What does `floatip events` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, parseMoment, stateDirFlag, text } from "../flags.ts";
import type { EventsFlags } from "./run.ts";
import { proposeInstances } from "../names.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip events` */
export const events = buildCommand<EventsFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).events),
  parameters: {
    flags: {
      follow: jsonFlag("Go on with what happens from now on, until Ctrl-C"),
      since: {
        kind: "parsed",
        parse: parseMoment,
        optional: true,
        placeholder: "T",
        brief: "Only from this moment on: 10m, 2h or 1d ago, or 2026-11-21T03:04:05Z",
      },
      instance: {
        kind: "parsed",
        parse: text,
        proposeCompletions: proposeInstances,
        optional: true,
        placeholder: "NAME",
        brief: "Only of this instance",
      },
      json: jsonFlag("One JSON object for each entry, one per line"),
      stateDir: stateDirFlag,
    },
    aliases: { f: "follow", i: "instance" },
  },
  docs: {
    brief: "Show what has happened on this node, when and why",
    fullDescription: [
      "One line for each change of an instance, oldest first, in local time: from which state to which,",
      "and the cause with its evidence. `(planned)` is what was asked for: a start, a stop, a reload.",
      "A near miss is a backup that almost took over from a master that still lives: one more lost",
      "advert, and two nodes would have held the address.",
      "",
      "Reads a file, so it works while the daemon does not run. Every node has its own; it holds some",
      "thousand entries and never grows over 1 MiB: the oldest go first.",
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
      "Next: `floatip status` shows how things are now.",
    ].join("\n"),
  },
});
