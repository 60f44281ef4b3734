/** What does `floatip doctor` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import type { DoctorFlags } from "./run.ts";
import { configFlag, jsonFlag, nodeFlag, runDirFlag, stateDirFlag, timeFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip doctor` */
export const doctor = buildCommand<DoctorFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).doctor),
  parameters: {
    flags: {
      json: jsonFlag("All findings, as one JSON document"),
      config: configFlag,
      node: nodeFlag,
      runDir: runDirFlag,
      stateDir: stateDirFlag,
      for: timeFlag("Listen to the LAN for this time (three advert intervals, at least 2s)"),
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Find what usually breaks on this machine and its LAN, and print the fix",
    fullDescription: [
      "Looks at the interface, packet filter, adverts that arrive, strangers with our VRID, what",
      "answers for the floating address, whether the service answers there, other network managers,",
      "kernel settings, timers, clock, power, disk and the running daemon. Every finding has a mark,",
      "ok, warning or problem, and what is to be typed. Changes nothing; asks the LAN a few questions",
      "(ARP, Neighbour Discovery, and for multicast IGMP). Run it as root, on every node: each sees",
      "what the others cannot.",
      "",
      "EXIT CODES",
      "  0  nothing has to be mended; there may be warnings",
      "  1  there is a problem",
      "",
      "EXAMPLES",
      "  sudo floatip doctor",
      "  sudo floatip doctor --for 10s",
      "  sudo floatip doctor --json | jq '.findings[] | select(.mark != \"ok\")'",
    ].join("\n"),
  },
});
