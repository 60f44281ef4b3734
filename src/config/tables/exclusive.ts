/** Exclusive instances: what the file must have so that two nodes can never hold one. */
import { type Nanoseconds, seconds, writeDuration } from "../../time.ts";
import { formatIp, includesIp, type Ip, sameIp } from "../../net/ip.ts";
import { error, type Path, type Problem, warning } from "../problem.ts";
import type { ClusterDraft } from "./cluster.ts";
import { type GroupDraft, membersOf } from "./group.ts";
import type { InstanceDraft } from "./instance.ts";
import type { NodesDraft } from "./node.ts";

/** The file, as far as it matters to them. */
interface File extends NodesDraft {
  readonly instances: readonly InstanceDraft[];
  readonly groups: readonly GroupDraft[];
  /** Undefined: there is none, or it could not be read. */
  readonly cluster: ClusterDraft | undefined;
  /** Is there a [cluster], readable or not? */
  readonly hasCluster: boolean;
}

/** Begins the reason of what no vote can prevent. */
const CANNOT = "Exclusivity cannot be had";

/** Promises end within 4 s, and others wait for three adverts and more (RFC 9568 6.1). */
const SLOW = seconds(10);

/** With faster adverts votes are renewed more than twenty times a second. */
const FAST = seconds(0.1);

/** Without a fence of nf_tables the kernel counts whole seconds. */
const LEAST_BY_LIFETIME = seconds(1);

/** What keeps exclusive instances from being exclusive, or useful. */
export function exclusiveProblems(file: File): readonly Problem[] {
  const all = file.instances.filter(({ keys }) => keys.exclusive === true);
  return [
    ...file.cluster === undefined ? [] : witnessProblems(file, file.cluster, all.length > 0),
    ...all.length === 0 ? [] : voterProblems(file),
    ...all.flatMap((instance) => instanceProblems(instance, file)),
    ...file.groups.flatMap((group) => groupProblems(group, file)),
  ];
}

function instanceProblems(instance: InstanceDraft, file: File): readonly Problem[] {
  const { name, path, keys } = instance;
  const at: Path = [...path, "exclusive"];
  const interval = keys.advert_interval ?? seconds(1);
  const isLifetime = keys.fence === "off";
  return [
    ...file.hasCluster ? [] : [error(
      at,
      `instance ${name} is exclusive, and there is no [cluster]`,
      `${CANNOT}: nodes vote by the channel that [cluster] opens between them.`,
      "run `floatip key new`, and write [cluster] as it says; or exclusive = false",
    )],
    ...keys.priority === 255
      ? [error(
        at,
        `instance ${name} is exclusive, and has priority 255`,
        `${CANNOT}: priority 255 owns the address, and claims it without asking (RFC 9568 6.1).`,
        "priority = 254",
      )]
      : [],
    ...keys.lease === "off"
      ? [error(
        [...path, "lease"],
        `instance ${name} is exclusive, and has no lease`,
        "The address of a dead daemon would stay where it is for ever.",
        'lease = "auto"',
      )]
      : [],
    ...isLifetime && interval < LEAST_BY_LIFETIME
      ? [error(
        [...path, "fence"],
        `instance ${name} is exclusive, without a fence, and advertises every ` +
          writeDuration(interval),
        "The kernel alone ends the address of a dead daemon, and counts whole seconds.",
        'fence = "auto"',
      )]
      : [],
    ...strangers(keys.peers ?? [], file).map((peer) =>
      error(
        [...path, "peers"],
        `instance ${name} is exclusive, and its peer ${formatIp(peer)} is no node of [nodes]`,
        `${CANNOT}: a machine without the secret does not vote, and takes over without asking.`,
        "write it in [nodes] and run floatip there, or remove it: nodes need no peers",
      )
    ),
    ...paceProblems(path, name, interval),
  ];
}

function paceProblems(path: Path, name: string, interval: Nanoseconds): readonly Problem[] {
  if (interval >= FAST && interval < SLOW) return [];
  const isFast = interval < FAST;
  return [warning(
    [...path, "advert_interval"],
    `instance ${name} is exclusive, and advertises every ${writeDuration(interval)}`,
    isFast
      ? "Votes are renewed twice as often; one that is late on a busy machine ends the hold."
      : slowWords(interval),
    `advert_interval = "${isFast ? "100ms" : "1s"}"`,
  )];
}

function slowWords(interval: Nanoseconds): string {
  // The last advert may have come one interval before the cut.
  const gapOf = (adverts: number) => Math.round((adverts * interval) / seconds(1) - 4);
  return "A holder that is cut off is silent within 4 s, and another node waits for three to " +
    `four adverts after the last: for ${gapOf(2)} to ${gapOf(4)} s no node answers.`;
}

/** Those of `peers` that [nodes] does not name. */
function strangers(peers: readonly (Ip | undefined)[], { nodes }: File): readonly Ip[] {
  const known = nodes.flatMap(({ addresses, links }) =>
    [...addresses, ...links].map(({ address }) => address)
  );
  return peers.flatMap((peer) => peer === undefined || includesIp(known, peer) ? [] : peer);
}

function groupProblems(group: GroupDraft, { instances }: File): readonly Problem[] {
  const members = membersOf(group).flatMap((name) =>
    instances.find((instance) => instance.name === name) ?? []
  );
  const isExclusive = ({ keys }: InstanceDraft) => keys.exclusive === true;
  const other = members.find((one) => !isExclusive(one));
  if (other === undefined || !members.some(isExclusive)) return [];
  return [error(
    [...group.path, "instances"],
    `group ${group.name} has exclusive members, and ${other.name}, which is not`,
    "All members of a group are held by one lease, or none is.",
    `exclusive = true  # in [instance.${other.name}] too`,
  )];
}

function voterProblems({ nodes, cluster }: File): readonly Problem[] {
  if (cluster === undefined) return [];
  // With etcd no machine votes.
  const isEtcd = "etcd" in cluster.keys;
  const isUnread = "witnesses" in cluster.keys && cluster.keys.witnesses === undefined;
  const foreign = nodes.find(({ onlyVrrp }) => onlyVrrp);
  const voters = nodes.length + (cluster.keys.witnesses?.length ?? 0);
  return [
    ...foreign === undefined ? [] : [error(
      [...foreign.path, "only_vrrp"],
      `${foreign.name} speaks VRRP alone, and an instance is exclusive`,
      `${CANNOT}: it takes over without asking any node, so there could be two holders.`,
      "run floatip there and remove only_vrrp, or write exclusive = false",
    )],
    ...isEtcd || isUnread || voters % 2 === 1 || foreign !== undefined ? [] : [warning(
      cluster.path,
      `${voters} machines vote, which is even`,
      voters === 2
        ? "When one of the two is gone, the other one has no majority: no node holds the address."
        : "One more machine may fail than with one voter less, and no more may: it adds nothing.",
      'write one witness more, such as witnesses = { nas = "192.168.1.5" }',
      "key",
    )],
  ];
}

function witnessProblems(
  { nodes }: File,
  { path, keys }: ClusterDraft,
  isUsed: boolean,
): readonly Problem[] {
  const at = [...path, "witnesses"];
  const all = (keys.witnesses ?? []).flatMap((one) => one ?? []);
  const isBoth = all.length > 0 && "etcd" in keys;
  const addresses = nodes.flatMap(({ name, addresses, links }) =>
    [...addresses, ...links].map(({ address }) => ({ name, address }))
  );
  return [
    ...isBoth
      ? [warning(
        at,
        "there are witnesses, and etcd decides",
        "With etcd no machine votes: a witness has nothing to do.",
        "remove witnesses, or etcd",
      )]
      : [],
    ...(all.length > 0 || "etcd" in keys) && !isUsed
      ? [warning(
        [...path, all.length > 0 ? "witnesses" : "etcd"],
        "nothing is exclusive",
        "What decides on exclusive instances has nothing to decide.",
        "write exclusive = true in an instance, or remove it",
      )]
      : [],
    ...all.flatMap((one, index) => {
      const same = nodes.find(({ name }) => name === one.name);
      const owner = one.addresses.flatMap((address) =>
        [
          ...addresses,
          ...all.slice(0, index).flatMap(({ name, addresses: own }) =>
            own.map((address) => ({ name, address }))
          ),
        ].filter((other) => sameIp(other.address, address))
      )[0];
      if (same !== undefined) {
        return [error(
          at,
          `${one.name} is a node, and a witness`,
          "A node votes anyway; it would be counted twice.",
          `remove ${one.name} from witnesses`,
        )];
      }
      return owner === undefined ? [] : [error(
        at,
        `witness ${one.name} has ${formatIp(owner.address)}, the address of ${owner.name}`,
        "Each machine has one vote: two names on one machine would be two.",
        `write the address that ${one.name} has`,
      )];
    }),
  ];
}
