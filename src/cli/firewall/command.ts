/** What does `floatip firewall` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { FIREWALL_FORMATS } from "../../tools/firewall/format_names.ts";
import type { FirewallFlags } from "./run.ts";
import { configFlag, nodeFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip firewall` */
export const firewall = buildCommand<FirewallFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).firewall),
  parameters: {
    flags: {
      format: {
        kind: "enum",
        values: FIREWALL_FORMATS,
        optional: true,
        brief: "For which program (the one that this machine filters with)",
      },
      outgoing: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Rules for what goes out too (where this machine drops that)",
      },
      config: configFlag,
      node: nodeFlag,
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Print the firewall rules that this configuration needs",
    fullDescription: [
      "Prints rules for nft, iptables, firewalld or ufw that let this node hear its peers: VRRP is",
      "IP protocol 112 and has no port, so that no rule about ports lets it through. (With",
      'transport = "udp" it is a UDP port.) Every node needs them: run it on each. Changes nothing',
      "itself.",
      "",
      "Rules about the services behind the floating address are yours: they are those for the",
      "machine's own address.",
      "",
      "EXAMPLES",
      "  floatip firewall",
      "  floatip firewall --format nft | nft -f -",
      "  floatip firewall --format ufw | sh",
      "  floatip firewall --format iptables --node pi-b",
      "",
      "Next: `floatip doctor` tells whether something is still in the way.",
    ].join("\n"),
  },
});
