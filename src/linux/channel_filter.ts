/** Filter of the channel's sockets: what comes from a node of the file, and is not too long. */
import { MAX_DATAGRAM } from "../cluster/datagram.ts";
import type { Ip } from "../net/ip.ts";
import { MOST_INSTRUCTIONS, type Program } from "./packet_filter.ts";
import { FIRST_SOURCE, fromSources } from "./source_filter.ts";

/** A UDP socket's filter sees the UDP header too (RFC 768). */
const UDP_HEADER = 8;

/** The program for a UDP socket, `peers` being of its family. Too many of them: all sources. */
export function channelFilter(peers: readonly Ip[]): Program {
  const program: Program = [
    ["size", { op: "length" }],
    ["long?", { op: "above", to: UDP_HEADER + MAX_DATAGRAM, then: "next", else: "sources" }],
    ["long", { op: "drop" }],
    ["sources", { op: "jump", then: FIRST_SOURCE }],
    ...fromSources(peers),
  ];
  return program.length <= MOST_INSTRUCTIONS ? program : [["all", { op: "accept" }]];
}
