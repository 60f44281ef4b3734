/** Flags and help of `floatip firewall`. */
import { buildCommand } from "@stricli/core";
import { FIREWALL_FORMATS } from "../../tools/firewall/format_names.ts";
import type { FirewallFlags } from "./run.ts";
import { configFlag, nodeFlag, switchFlag } from "../flags.ts";
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
        brief: "For which program (the packet filter of this machine)",
      },
      outgoing: switchFlag("Also rules for outgoing packets (if this machine drops them)"),
      config: configFlag,
      node: nodeFlag,
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Print the firewall rules that this configuration needs",
    fullDescription: [
      "Prints rules for nft, iptables, firewalld or ufw that let the adverts of the peers in.",
      "VRRP is IP protocol 112 and has no ports, so a rule about ports does not let it in. (With",
      'transport = "udp" it is a UDP port.) With [cluster], the UDP port of that is let in from',
      "the other nodes at all their addresses. Every node needs its own rules: run it on each.",
      "It changes nothing itself.",
      "",
      "Rules for the services behind the floating address are not printed: they are the same as",
      "for the address of the machine.",
      "",
      "EXAMPLES",
      "  floatip firewall",
      "  floatip firewall --format nft | nft -f -",
      "  floatip firewall --format ufw | sh",
      "  floatip firewall --format iptables --node pi-b",
      "",
      "Next: `floatip doctor` shows whether something still blocks the adverts.",
    ].join("\n"),
  },
});
