/** Flags and help of `floatip join`. */
import { buildCommand } from "@stricli/core";
import { type Ip, parseIp } from "../../net/ip.ts";
import { configFlag, parsePort, switchFlag, text, valueFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";
import type { JoinFlags } from "./run.ts";

/** `floatip join` */
export const join = buildCommand<JoinFlags, [address: Ip, token: string], Context>({
  func: choose(async () => (await import("./run.ts")).join),
  parameters: {
    flags: {
      force: switchFlag("Overwrite a file and secrets that are there"),
      port: valueFlag(parsePort, "PORT", "The TCP port of the other node (337)"),
      config: configFlag,
    },
    aliases: { c: "config" },
    positional: {
      kind: "tuple",
      parameters: [
        { parse: parseAddress, placeholder: "ADDRESS", brief: "The node that invites" },
        { parse: text, placeholder: "TOKEN", brief: "What it printed" },
      ],
    },
  },
  docs: {
    brief: "Get file and secret from a node where `init` or `invite` waits",
    fullDescription: [
      "Fetches the configuration file and the secrets that it names, and writes them here. Both",
      "nodes prove that they know the token. A file that is there already stays, unless --force",
      "says otherwise.",
      "",
      "EXIT CODES",
      "  0  done     1  refused, and why     2  this is no token     5  not permitted",
      "",
      "EXAMPLES",
      "  sudo floatip join 192.168.1.11 ekh3x-8w2cm-ytbv4-rq9ng",
    ].join("\n"),
  },
});

/** Throws SyntaxError. */
function parseAddress(input: string): Ip {
  const address = parseIp(input);
  if (address !== undefined) return address;
  throw new SyntaxError("write the address that the other node printed, such as 192.168.1.11");
}
