/** A node of [nodes] as a table, which says more of it than its address. */
import * as v from "valibot";
import type { Ip } from "../../net/ip.ts";
import type { Keys, ValueType } from "./key.ts";
import { address, flag, listOf } from "./types.ts";

/** An address of a node. */
export const NODE_ADDRESS = address("an address without a prefix length");

/** NAME = { ... } */
export const NODE_ENTRY = {
  address: {
    type: oneOrMore(),
    what: "The node's address on the LAN, or one of each family.",
    why: "Nodes find themselves and their peers by these addresses.",
    example: "192.168.1.12",
    synonyms: ["addresses", "ip", "host"],
  },
  links: {
    type: listOf(
      NODE_ADDRESS,
      'a list of at least one address without prefix length, such as ["100.64.0.12"]',
    ),
    entryWord: "link",
    absent: "none",
    what: "Further addresses by which [cluster] reaches the node: another network than the LAN's.",
    why: "With a second way to a node, a cut in the LAN is told from a dead node.",
    example: ["100.64.0.12"],
    synonyms: ["link", "paths", "alternatives"],
  },
  only_vrrp: {
    type: flag(),
    default: false,
    what: "Is it a keepalived or a router, that speaks VRRP alone?",
    why: "A floatip node that [cluster] does not hear counts as missing.",
    synonyms: ["vrrp_only", "foreign"],
  },
} as const satisfies Keys;

function oneOrMore(): ValueType<readonly Ip[]> {
  return {
    kind: "value",
    schema: v.pipe(
      v.unknown(),
      v.transform((written): unknown => Array.isArray(written) ? written : [written]),
      v.array(NODE_ADDRESS.schema),
      v.nonEmpty(),
    ),
    form: 'an address without a prefix length, such as "192.168.1.12", or a list of one of each ' +
      "family",
    show: (addresses) => addresses.map(NODE_ADDRESS.show).join(" "),
    entry: NODE_ADDRESS,
  };
}
