/** Flags and help of `floatip run`. */
import { buildCommand } from "@stricli/core";
import { configFlag, nodeFlag, runDirFlag, stateDirFlag, switchFlag } from "../flags.ts";
import type { run, RunFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip run`; `load` brings what it does. */
export const runCommand = (load: () => Promise<typeof run>) =>
  buildCommand<RunFlags, [], Context>({
    func: choose(load),
    parameters: {
      flags: {
        config: configFlag,
        node: nodeFlag,
        runDir: runDirFlag,
        stateDir: stateDirFlag,
        noRealTime: switchFlag("Do not use real-time scheduling (it is used where permitted)"),
        logLevel: {
          kind: "enum",
          values: ["debug", "info", "warning", "error"],
          optional: true,
          brief: "How much is logged (info)",
        },
      },
      aliases: { c: "config" },
    },
    docs: {
      brief: "Run the daemon in the foreground",
      fullDescription: [
        "Elects a master among the nodes of the configuration file, and holds the floating",
        "addresses while this node is the master. Logs to standard error, one line for each event,",
        "with its cause. Needs root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW (and",
        'CAP_NET_BIND_SERVICE, with transport = "udp" and a port below 1024).',
        "",
        "SIGTERM and Ctrl-C stop in order: the other nodes are told, the addresses removed, exit",
        "code 0. SIGHUP reloads, as `floatip reload` does.",
        "",
        "EXAMPLES",
        "  floatip run",
        "  floatip run -c ./floatip.toml --run-dir /tmp/floatip --log-level debug",
        "",
        "Before: `floatip check`. After, in another window: `floatip status --watch`.",
      ].join("\n"),
    },
  });
