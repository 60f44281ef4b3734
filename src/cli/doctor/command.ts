/** Flags and help of `floatip doctor`. */
import { buildCommand } from "@stricli/core";
import type { DoctorFlags } from "./run.ts";
import { configFlag, nodeFlag, runDirFlag, stateDirFlag, switchFlag, timeFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip doctor` */
export const doctor = buildCommand<DoctorFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).doctor),
  parameters: {
    flags: {
      json: switchFlag("All findings, as one JSON document"),
      config: configFlag,
      node: nodeFlag,
      runDir: runDirFlag,
      stateDir: stateDirFlag,
      for: timeFlag("Listen to the LAN for this time (three advert intervals, at least 2s)"),
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Find common problems of this machine and its LAN, and print the fix",
    fullDescription: [
      "Looks at the interface, the packet filter, adverts that arrive, other users of our VRID,",
      "machines that answer for the floating address, the service behind it, other network",
      "managers, kernel settings, timers, clock, power, disk and the running daemon. Every",
      "finding has a mark (ok, warning or problem) and the command that fixes it. Changes",
      "nothing. Sends a few requests to the LAN: ARP, Neighbour Discovery, and IGMP for",
      "multicast. Run it as root on every node: each sees what the others cannot.",
      "",
      "EXIT CODES",
      "  0  no problem; there may be warnings",
      "  1  there is a problem",
      "",
      "EXAMPLES",
      "  sudo floatip doctor",
      "  sudo floatip doctor --for 10s",
      "  sudo floatip doctor --json | jq '.findings[] | select(.mark != \"ok\")'",
    ].join("\n"),
  },
});
