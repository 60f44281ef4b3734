/** Flags and help of `floatip check`. */
import { buildCommand } from "@stricli/core";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { configFlag, nodeFlag, optionalText, switchFlag } from "../flags.ts";
import type { CheckFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip check` */
export const check = buildCommand<CheckFlags, [file?: string | undefined], Context>({
  func: choose(async () => (await import("./run.ts")).check),
  parameters: {
    flags: {
      json: switchFlag("The problems and what this node would do, as one JSON document"),
      try: switchFlag("Run each check of this node once and print its result"),
      all: switchFlag("Print every line of the forecast, also for a large cluster"),
      config: configFlag,
      node: nodeFlag,
    },
    aliases: { c: "config" },
    positional: optionalText("FILE", `The file to check (${DEFAULT_CONFIG_FILE})`),
  },
  docs: {
    brief: "Check a configuration file, and whether it fits this machine",
    fullDescription: [
      "Reads the file and prints every problem: where it is, what is wrong, why it matters, and",
      "the corrected line. Then compares the file with this machine: does the interface exist,",
      "does an address fit its subnet, may this user do what the daemon does, can each check and",
      "hook command run as its user. Changes nothing and needs no running daemon. With --try each",
      "check runs once; use sudo, so that it runs as the daemon would run it.",
      "",
      "EXIT CODES",
      "  0  the file is valid and fits this machine",
      "  1  the file is valid, but does not fit this machine; with --try: or a check fails",
      "  3  the file is wrong",
      "",
      "EXAMPLES",
      "  floatip check",
      "  floatip check ./floatip.toml",
      "  floatip check ./floatip.toml --node pi-b",
      "  sudo floatip check --try",
      "",
      "Next: `floatip run`, or `floatip reload` where it runs already.",
    ].join("\n"),
  },
});
