/** Flags and help of `floatip listen`. */
import { buildCommand } from "@stricli/core";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { parsePort, switchFlag, textFlag, timeFlag, valueFlag } from "../flags.ts";
import type { ListenFlags } from "./run.ts";
import { proposeInterfaces } from "../names.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip listen` */
export const listen = buildCommand<ListenFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).listen),
  parameters: {
    flags: {
      interface: textFlag("IF", "Listen on this interface only (all)", proposeInterfaces),
      port: valueFlag(parsePort, "PORT", `Adverts by UDP go to this port (${DEFAULT_UDP_PORT})`),
      json: switchFlag("One JSON object for each packet, one per line"),
      for: timeFlag("End after this time, such as 10s (at Ctrl-C)"),
    },
    aliases: { i: "interface" },
  },
  docs: {
    brief: "Decode all VRRP on the LAN, live",
    fullDescription: [
      "Prints every VRRP packet that reaches this machine, of floatip, keepalived or a router:",
      "its sender, VRID, priority, version, interval, addresses, checksum form, and what is",
      "strange about it, such as two masters for one VRID. Sends nothing, and needs no",
      'configuration and no daemon. Unicast adverts, such as those with transport = "udp", are',
      "seen only on the nodes that they go to. Needs root, or the capability CAP_NET_RAW.",
      "",
      "EXAMPLES",
      "  floatip listen",
      "  floatip listen --interface eth0 --for 10s",
      "  floatip listen --json | jq -c 'select(.odd != [])'",
      "",
      "A VRID that is not heard within 10 s is likely free.",
    ].join("\n"),
  },
});
