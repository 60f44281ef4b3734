/** What the file says of the channel between nodes, as one of them sees it. Pure. */
import type { PeerAddresses } from "../../cluster/peer.ts";
import type { Secret } from "../../cluster/session.ts";
import { type Config, machinesOf } from "../../config/config.ts";
import type { NodeEntry } from "../../config/tables/node.ts";
import type { ChannelSettings } from "../../host.ts";
import type { Ip } from "../../net/ip.ts";

/** A node's part in the channel. */
export interface ChannelPlan {
  readonly name: string;
  /** All verify, the first seals. */
  readonly secrets: readonly [Secret, ...Secret[]];
  /** The other nodes that speak there. */
  readonly peers: readonly PeerAddresses[];
  /** For the host. */
  readonly settings: ChannelSettings;
}

/**
 * The part of the node called `self`; undefined: the file has no channel, or that node no address
 * for it.
 */
export function channelPlan(
  config: Pick<Config, "cluster" | "nodes">,
  self: string,
): ChannelPlan | undefined {
  const { cluster } = config;
  const all = machinesOf(config);
  const own = all.find(({ name }) => name === self);
  const [first, ...others] = cluster?.keys.map(secretOf) ?? [];
  if (cluster === undefined || own === undefined || own.onlyVrrp || first === undefined) {
    return undefined;
  }
  const { keys, port } = cluster;
  const peers = all.filter((node) => node !== own && !node.onlyVrrp).map((node) => ({
    name: node.name,
    addresses: addressesOf(node),
  }));
  return {
    name: self,
    secrets: [first, ...others],
    peers,
    settings: {
      port,
      addresses: addressesOf(own),
      peers: peers.flatMap(({ addresses }) => addresses),
      keys,
    },
  };
}

function secretOf({ id, secret }: ChannelSettings["keys"][number]): Secret {
  return { id, bytes: Uint8Array.fromBase64(secret, { alphabet: "base64url" }) };
}

function addressesOf({ addresses, links }: NodeEntry): readonly Ip[] {
  return [...addresses, ...links];
}
