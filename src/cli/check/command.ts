/** What does `floatip check` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { configFlag, jsonFlag, nodeFlag, text } from "../flags.ts";
import type { CheckFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip check` */
export const check = buildCommand<CheckFlags, [file?: string | undefined], Context>({
  func: choose(async () => (await import("./run.ts")).check),
  parameters: {
    flags: {
      json: jsonFlag("The problems and what this node would do, as one JSON document"),
      try: jsonFlag("Run each check of this node once, as the daemon would, and say what it found"),
      all: jsonFlag("Every line of the forecast, also of a large cluster"),
      config: configFlag,
      node: nodeFlag,
    },
    aliases: { c: "config" },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: text,
        optional: true,
        placeholder: "FILE",
        brief: `The file to check (${DEFAULT_CONFIG_FILE})`,
      }],
    },
  },
  docs: {
    brief: "Say everything that is wrong with a configuration file",
    fullDescription: [
      "Reads the file and names every problem with its place, what is wrong, why that matters and",
      "the corrected line. Then holds the file against this machine: is the interface there, does an",
      "address fit its subnet, may this user do it, can the programs of checks and hooks be run by",
      "the user that they run as. Changes nothing, and needs no running daemon. With --try each check",
      "is run once: as root, as the daemon would.",
      "",
      "EXIT CODES",
      "  0  the file is right and fits this machine",
      "  1  the file is right, this machine does not fit it; with --try: or a check fails",
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
