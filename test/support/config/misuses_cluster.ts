/** Mistakes of [cluster], and of nodes of which more is said than an address. */
import { type Misuse, NODES, WEB } from "./misuse.ts";

const SECRET = 'secret = { credential = "cluster" }\n';
/** A word that no problem may show; see decode_test. */
const HUNTER = "hunter2";

function cluster(title: string, lines: string, ...expected: readonly string[]): Misuse {
  return { title, toml: `${NODES}[cluster]\n${lines}\n${WEB}`, expected };
}

/** pi-b as it is given, pi-a with a link. */
function node(title: string, written: string, ...expected: readonly string[]): Misuse {
  const nodes = `[nodes]\npi-a = { address = "192.168.1.11", links = ["10.9.0.11"] }\n`;
  return { title, toml: `${nodes}pi-b = ${written}\n\n[cluster]\n${SECRET}\n${WEB}`, expected };
}

const WITNESS = 'witnesses = { nas = "192.168.1.5" }\n';

function exclusive(title: string, table: string, lines: string, expected: string): Misuse {
  return { title, toml: `${NODES}${table}\n${WEB}${lines}\n`, expected: [expected] };
}

/** The same with a cluster that has a witness. */
function witnessed(title: string, lines: string, expected: string): Misuse {
  return exclusive(title, `[cluster]\n${SECRET}${WITNESS}`, lines, expected);
}

/** Mistakes of the cluster. */
export const CLUSTER: readonly Misuse[] = [
  cluster("a cluster without its secret", "", "error cluster"),
  cluster("a secret that a person thought of", `secret = "${HUNTER}"`, "error cluster.secret"),
  cluster("a secret that is too short", `secret = "${"aGVs".repeat(8)}"`, "error cluster.secret"),
  cluster("a secret that was not drawn", `secret = "${"A".repeat(43)}"`, "error cluster.secret"),
  cluster("an empty secret", 'secret = ""', "error cluster.secret"),
  cluster("a secret that is none", "secret = 5", "error cluster.secret"),
  cluster("a secret's other name", `password = "${HUNTER}"`, "error cluster.password"),
  cluster("a port that is none", `${SECRET}port = 0`, "error cluster.port"),
  cluster("a port as a text", `${SECRET}port = "337"`, "error cluster.port"),
  {
    title: "a name that is too long for the cluster",
    toml: `[nodes]\n"${
      "ä".repeat(32)
    }" = "10.0.0.1"\nb = "10.0.0.2"\n\n[cluster]\n${SECRET}\n${WEB}`,
    expected: [`error nodes.${"ä".repeat(32)}`],
  },
  {
    title: "one port for adverts and the cluster",
    toml: `${NODES}[cluster]\n${SECRET}port = 336\n\n${WEB}transport = "udp"\n`,
    expected: ["error cluster.port"],
  },
  {
    title: "the cluster's usual port for adverts",
    toml: `${NODES}[cluster]\n${SECRET}\n${WEB}transport = "udp"\nport = 337\n`,
    expected: ["error cluster"],
  },
  {
    title: "a cluster without nodes",
    toml: `[cluster]\n${SECRET}\n${WEB}`,
    expected: ["error cluster"],
  },
  {
    title: "nodes in the cluster's table",
    toml: `[cluster]\npi-a = "192.168.1.11"\n\n${WEB}`,
    expected: ["error cluster", "error cluster", "error cluster.pi-a"],
  },
  {
    title: "a misspelt cluster",
    toml: `${NODES}[clutser]\n${SECRET}\n${WEB}`,
    expected: ["error clutser"],
  },
  {
    title: "links without a cluster",
    toml: `[nodes]\na = { address = "10.0.0.1", links = ["10.9.0.1"] }\nb = "10.0.0.2"\n\n${WEB}`,
    expected: ["warning nodes.a.links"],
  },
  {
    title: "nodes without a family in common",
    toml: `[nodes]\na = "10.0.0.1"\nb = "fd00::2"\nc = ["10.0.0.3", "fd00::3"]\n\n` +
      `[cluster]\n${SECRET}\n${WEB}`,
    expected: ["warning nodes.b"],
  },
  node("a node's table without address", "{ only_vrrp = true }", "error nodes.pi-b"),
  node("a node as a number", "5", "error nodes.pi-b"),
  node("a node's misspelt key", '{ adress = "192.168.1.12" }', "error nodes.pi-b.adress"),
  node("a node's unknown key", '{ address = "192.168.1.12", color = 5 }', "error nodes.pi-b.color"),
  node(
    "a node's address with a length",
    '{ address = "192.168.1.12/24" }',
    "error nodes.pi-b.address",
  ),
  node("a node's address as a name", '{ address = "pi-b.local" }', "error nodes.pi-b.address"),
  node(
    "one of a node's addresses with a length",
    '{ address = ["fd00::12", "192.168.1.12/24"] }',
    "error nodes.pi-b.address.1",
  ),
  node("a node's empty list", "{ address = [] }", "error nodes.pi-b.address"),
  node("a node that is another", '{ address = "192.168.1.11" }', "error nodes.pi-b.address"),
  node(
    "a link that is the node's address",
    '{ address = "192.168.1.12", links = ["192.168.1.12"] }',
    "error nodes.pi-b.links.0",
  ),
  node(
    "a link twice",
    '{ address = "192.168.1.12", links = ["10.9.0.12", "10.9.0.12"] }',
    "error nodes.pi-b.links.1",
  ),
  node(
    "a link that is another node's",
    '{ address = "192.168.1.12", links = ["10.9.0.11"] }',
    "error nodes.pi-b.links.0",
  ),
  node(
    "an address that is another's link",
    '{ address = "10.9.0.11" }',
    "error nodes.pi-a.links.0",
  ),
  node(
    "a link that is a group",
    '{ address = "192.168.1.12", links = ["224.0.0.18"] }',
    "error nodes.pi-b.links.0",
  ),
  node(
    "a link-local link",
    '{ address = "192.168.1.12", links = ["fe80::12"] }',
    "error nodes.pi-b.links.0",
  ),
  node(
    "a link as a text",
    '{ address = "192.168.1.12", links = "10.9.0.12" }',
    "error nodes.pi-b.links",
  ),
  node("no links", '{ address = "192.168.1.12", links = [] }', "error nodes.pi-b.links"),
  node(
    "too many links",
    `{ address = "192.168.1.12", links = [${
      Array.from({ length: 9 }, (_, at) => `"10.8.0.${at}"`).join(", ")
    }] }`,
    "error nodes.pi-b.links",
  ),
  node(
    "links of a router",
    '{ address = "192.168.1.12", links = ["10.9.0.12"], only_vrrp = true }',
    "error nodes.pi-b.links",
  ),
  node(
    "a router as a text",
    '{ address = "192.168.1.12", only_vrrp = "yes" }',
    "error nodes.pi-b.only_vrrp",
  ),
  exclusive("no cluster", "", "exclusive = true", "error instance.web.exclusive"),
  witnessed(
    "an exclusive owner",
    "exclusive = true\npriority = 255",
    "error instance.web.exclusive",
  ),
  witnessed(
    "exclusive without a lease",
    'exclusive = true\nlease = "off"',
    "error instance.web.lease",
  ),
  witnessed(
    "exclusive by lifetimes that are too long",
    'exclusive = true\nfence = "off"\nadvert_interval = "200ms"',
    "error instance.web.fence",
  ),
  witnessed(
    "exclusive with very fast adverts",
    'exclusive = true\nadvert_interval = "20ms"',
    "warning instance.web.advert_interval",
  ),
  witnessed(
    "exclusive with very slow adverts",
    'exclusive = true\nadvert_interval = "10s"',
    "warning instance.web.advert_interval",
  ),
  witnessed(
    "exclusive with a peer that does not vote",
    'exclusive = true\npeers = ["192.168.1.12", "192.168.1.13"]',
    "error instance.web.peers",
  ),
  exclusive("two voters", `[cluster]\n${SECRET}`, "exclusive = true", "warning cluster"),
  exclusive(
    "a witness that is a node",
    `[cluster]\n${SECRET}witnesses = { pi-b = "192.168.1.5" }\n`,
    "exclusive = true",
    "error cluster.witnesses",
  ),
  exclusive(
    "a witness on a node's machine",
    `[cluster]\n${SECRET}witnesses = { nas = "192.168.1.12" }\n`,
    "exclusive = true",
    "error cluster.witnesses",
  ),
  exclusive(
    "a witness without an address",
    `[cluster]\n${SECRET}witnesses = ["nas"]\n`,
    "exclusive = true",
    "error cluster.witnesses",
  ),
  witnessed(
    "a witness of nothing",
    "",
    "warning cluster.witnesses",
  ),
  exclusive(
    "witnesses beside etcd",
    `[cluster]\n${SECRET}${WITNESS}etcd = ["http://10.0.0.1:2379"]\n`,
    "exclusive = true",
    "warning cluster.witnesses",
  ),
  exclusive(
    "etcd without a scheme",
    `[cluster]\n${SECRET}etcd = ["10.0.0.1:2379"]\n`,
    "exclusive = true",
    "error cluster.etcd.0",
  ),
];
