/** [cluster]: the secret by which nodes know each other, and the port at which they speak. */
import * as v from "valibot";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { type ClusterKey, keyIdText, keysInOrder, readKeyText } from "../cluster_key.ts";
import { error, type Problem, type Rule, warning } from "../problem.ts";
import { showName } from "../toml_text.ts";
import { ETCD, ETCD_RULES } from "./etcd.ts";
import type { InstanceDraft } from "./instance.ts";
import type { Keys, Settings, TableDraft, ValueType } from "./key.ts";
import type { NodesDraft } from "./node.ts";
import { wholeNumber } from "./types.ts";
import { witnesses } from "./witness.ts";

/** The port of the channel between nodes. */
const DEFAULT_PORT = 337;
/** What IANA has assigned to nothing, but 336, where UDP adverts go: the default first. */
const FREE_PORTS: readonly number[] = [DEFAULT_PORT, 338, 339, 340, 341, 342, 343, 334, 335];

/** [cluster] */
export const CLUSTER = {
  secret: {
    type: clusterKeys(),
    as: "keys",
    what: "What nodes prove themselves with: the same on all of them, drawn by `floatip key new`.",
    why: "A node with another secret is not believed, and one that can be guessed is none.",
    title: "the secret",
    example: { credential: "cluster" },
    remark: "its file is written by: floatip key new",
    synonyms: ["key", "keys", "password", "pass", "psk", "token"],
    secret: true,
  },
  port: {
    type: wholeNumber(1, 65535),
    default: DEFAULT_PORT,
    what: "The UDP port at which nodes tell each other their state; the same on all of them.",
    why: "Nodes that use different ports do not hear each other's state.",
    synonyms: ["udp_port"],
  },
  witnesses: {
    type: witnesses(),
    absent: "none: the nodes alone vote",
    what: "Machines that vote on exclusive instances and hold no address; `floatip run` with the " +
      "same file makes one of a machine.",
    why: "With two nodes a third voter decides which of them goes on when they are cut apart.",
    example: { nas: "192.168.1.5" },
    synonyms: ["witness", "voters", "arbiters", "quorum"],
  },
  ...ETCD,
} as const satisfies Keys;

/** What [cluster] says: at least one key. The first signs, all of them verify. */
export type ClusterSettings = Settings<typeof CLUSTER>;

/** Keys as text, one a line. */
function clusterKeys(): ValueType<readonly ClusterKey[]> {
  const schema = v.pipe(
    v.unknown(),
    v.string(),
    v.rawTransform<string, readonly ClusterKey[]>(({ dataset, addIssue, NEVER }) => {
      const read = readKeyText(dataset.value);
      if (read.kind === "keys") return keysInOrder(read.lines);
      addIssue();
      return NEVER;
    }),
  );
  return {
    kind: "value",
    schema,
    form: '{ credential = "NAME" }, or a key as `floatip key new --print` draws it',
    show: (keys) => keys.map(({ id }) => keyIdText(id)).join(", "),
    fault: (written) => {
      const read = typeof written === "string" ? readKeyText(written) : undefined;
      return read?.kind === "wrong" ? { what: read.what } : {};
    },
  };
}

/** [cluster], as far as it could be read. */
export type ClusterDraft = TableDraft<typeof CLUSTER>;

/** What the rules need to know of the file. */
interface File extends NodesDraft {
  readonly instances: readonly InstanceDraft[];
}

/** Bytes of a name that a datagram has room for. */
const LONGEST_NAME = 63;

/** What is wrong with it. */
export const CLUSTER_RULES: readonly Rule<ClusterDraft, File>[] = [
  ...ETCD_RULES,
  (_, { nodes }) =>
    nodes.filter(({ name }) => new TextEncoder().encode(name).length > LONGEST_NAME)
      .map(({ name, path }) =>
        error(
          path,
          `the name ${showName(name)} is longer than ${LONGEST_NAME} bytes`,
          "Nodes tell each other their names, and have room for so many bytes.",
          "call it by a shorter name, here and wherever it is named",
          "key",
        )
      ),
  ({ path }, { hasNodes }) => hasNodes === false ? { ...WITHOUT_NODES, path } : undefined,
  ({ path, keys }, { instances }) => {
    const port = "port" in keys ? keys.port : DEFAULT_PORT;
    const udp = instances.filter(({ keys }) => keys.transport === "udp");
    const portOf = ({ keys }: InstanceDraft) => "port" in keys ? keys.port : DEFAULT_UDP_PORT;
    const other = udp.find((instance) => portOf(instance) === port);
    if (port === undefined || other === undefined) return undefined;
    const free = FREE_PORTS.find((one) => udp.every((instance) => portOf(instance) !== one));
    return error(
      [...path, ...("port" in keys ? ["port"] : [])],
      `UDP port ${port} is that of instance ${other.name}'s adverts too`,
      "Adverts and the state of nodes need a port each.",
      free === undefined ? "write another port" : `port = ${free}`,
      "port" in keys ? "value" : "key",
    );
  },
];

const WITHOUT_NODES = error(
  [],
  "there is a [cluster] and no [nodes]",
  "Nodes tell each other their state at the addresses that stand there.",
  "write [nodes], with a line for each node and its address",
  "key",
);

/** Links of nodes that do nothing, because there is no [cluster]. */
export function linksWithoutCluster({ nodes }: NodesDraft): readonly Problem[] {
  const first = nodes.find(({ links }) => links.length > 0);
  return first === undefined ? [] : [warning(
    [...first.path, "links"],
    "links have no effect without [cluster]",
    "Adverts go to a node's address alone; its links are for the state that nodes tell each other.",
    "run `floatip key new`, and write [cluster] as it says; or remove the links",
    "key",
  )];
}
