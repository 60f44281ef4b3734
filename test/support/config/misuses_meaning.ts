/** Mistakes of keys that do not fit each other. */
import { floating, type Misuse, NODES, WEB, web } from "./misuse.ts";

/** Mistakes of meaning. */
export const MEANING: readonly Misuse[] = [
  {
    title: "no address is advertised",
    toml: floating('{ address = "192.168.1.50/24", advertise = false }'),
    expected: ["error instance.web.addresses.0.advertise"],
  },
  // Versions
  {
    title: "IPv6 with VRRPv2",
    toml: `${floating('"fe80::1/64"')}version = 2\n`,
    expected: ["error instance.web.addresses.0"],
  },
  {
    title: "100 ms with VRRPv2",
    toml: web("version = 2", 'advert_interval = "100ms"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "1.5 s with VRRPv2",
    toml: web("version = 2", 'advert_interval = "1.5s"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "256 s with VRRPv2",
    toml: web("version = 2", 'advert_interval = "256s"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "5 ms with VRRPv3",
    toml: web('advert_interval = "5ms"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "15 ms with VRRPv3",
    toml: web('advert_interval = "15ms"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "41 s with VRRPv3",
    toml: web('advert_interval = "41s"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "a password with VRRPv3",
    toml: web('auth = { pass = "hunter2" }'),
    expected: ["error instance.web.auth"],
  },
  {
    title: "a password of 9 bytes",
    toml: web("version = 2", 'auth = { pass = "hunter222" }'),
    expected: ["error instance.web.auth.pass"],
  },
  {
    title: "a dotted password of 9 bytes",
    toml: web("version = 2", 'auth.pass = "hunter2ää"'),
    expected: ["error instance.web.auth.pass"],
  },
  {
    title: "an empty password",
    toml: web("version = 2", 'auth = { pass = "" }'),
    expected: ["error instance.web.auth.pass"],
  },
  {
    title: "a password as a number",
    toml: web("version = 2", "auth = { pass = 1234567 }"),
    expected: ["error instance.web.auth.pass"],
  },
  {
    title: "a misspelt password",
    toml: web("version = 2", 'auth = { pas = "hunter2" }'),
    expected: ["error instance.web.auth.pas"],
  },
  {
    title: "a password beside its table",
    toml: web("version = 2", 'auth_pass = "hunter2"'),
    expected: ["error instance.web.auth_pass"],
  },
  {
    title: "a password of many lines",
    toml: web("version = 2", 'auth = { pass = """hunter2\nhunter3""" }'),
    expected: ["error instance.web.auth.pass"],
  },
  {
    title: "a checksum form with VRRPv2",
    toml: web("version = 2", 'checksum = "rfc9568"'),
    expected: ["warning instance.web.checksum"],
  },
  {
    title: "more IPv6 addresses than one advert can carry",
    toml: floating(...Array.from({ length: 90 }, (_, index) => `"fe80::${index + 1}/64"`)),
    expected: ["error instance.web.addresses.89"],
  },
  {
    title: "a lease of a second and a half",
    toml: web('lease = "1500ms"'),
    expected: ["error instance.web.lease"],
  },
  {
    title: "a lease of two hours",
    toml: web('lease = "2h"'),
    expected: ["error instance.web.lease"],
  },
  {
    title: "a delay of two days",
    toml: web('preempt_delay = "48h"'),
    expected: ["error instance.web.preempt_delay"],
  },
  // Priorities and preemption
  {
    title: "priority and prefer",
    toml: NODES + web('prefer = ["pi-a"]', "priority = 150"),
    expected: ["error instance.web.priority"],
  },
  {
    title: "prefer without nodes",
    toml: web('prefer = ["pi-a"]'),
    expected: ["error instance.web.prefer"],
  },
  {
    title: "prefer names a stranger",
    toml: NODES + web('prefer = ["pi-a", "pi-bb"]'),
    expected: ["error instance.web.prefer.1"],
  },
  {
    title: "prefer names a stranger who is like a node that stands there already",
    toml: NODES + web('prefer = ["pi-a", "pi-x"]'),
    expected: ["error instance.web.prefer.1"],
  },
  {
    title: "prefer names more than there are",
    toml: NODES + web('prefer = ["pi-a", "pi-b", "pi-c"]'),
    expected: ["error instance.web.prefer.2"],
  },
  {
    title: "prefer names a node twice",
    toml: NODES + web('prefer = ["pi-a", "pi-a"]'),
    expected: ["error instance.web.prefer.1"],
  },
  {
    title: "priorities of a stranger",
    toml: NODES + web("priority = { pi-a = 150, pi-c = 100 }"),
    expected: ["error instance.web.priority", "error instance.web.priority.pi-c"],
  },
  {
    title: "equal priorities",
    toml: NODES + web("priority = { pi-a = 150, pi-b = 150 }"),
    expected: ["warning instance.web.priority"],
  },
  {
    title: "priorities without nodes",
    toml: web("priority = { pi-a = 150 }"),
    expected: ["error instance.web.priority.pi-a"],
  },
  {
    title: "a delay without preemption",
    toml: web("preempt = false", 'preempt_delay = "30s"'),
    expected: ["warning instance.web.preempt_delay"],
  },
  {
    title: "an owner that does not preempt",
    toml: web("priority = 255", "preempt = false"),
    expected: ["warning instance.web.preempt"],
  },
  // Peers
  { title: "no peers", toml: web("peers = []"), expected: ["error instance.web.peers"] },
  {
    title: "unicast without peers",
    toml: web('transport = "unicast"'),
    expected: ["error instance.web.transport"],
  },
  {
    title: "unicast between nodes without IPv6 addresses",
    toml: `${NODES}[instance.web]\nvrid = 51\naddresses = ["fe80::50/64"]\ntransport = "unicast"\n`,
    expected: ["error instance.web.transport"],
  },
  {
    title: "unicast on the only node",
    toml: `[nodes]\npi-a = "192.168.1.11"\n\n${web('transport = "unicast"')}`,
    expected: ["error instance.web.transport"],
  },
  {
    title: "udp without peers",
    toml: web('transport = "udp"'),
    expected: ["error instance.web.transport"],
  },
  {
    title: "udp between nodes without IPv6 addresses",
    toml: `${NODES}[instance.web]\nvrid = 51\naddresses = ["fe80::50/64"]\ntransport = "udp"\n`,
    expected: ["error instance.web.transport"],
  },
  {
    title: "a port without udp",
    toml: web("port = 336"),
    expected: ["error instance.web.port"],
  },
  {
    title: "peers of one family for addresses of both",
    toml: floating('"192.168.1.50/24"', '"fe80::50/64"') +
      'transport = "udp"\npeers = ["192.168.1.12"]\n',
    expected: ["error instance.web.peers"],
  },
  {
    title: "an IPv6 peer that is not link-local, and no source",
    toml: floating('"fe80::50/64"') + 'peers = ["fe80::12", "fd00::12"]\n',
    expected: ["error instance.web.peers.1"],
  },
  {
    title: "an IPv6 peer that is not link-local, and a source of the other family",
    toml: floating('"192.168.1.50/24"', '"fe80::50/64"') +
      'source = "192.168.1.11"\npeers = ["192.168.1.12", "fd00::12"]\n',
    expected: ["error instance.web.peers.1"],
  },
  {
    title: "a peer that is the source",
    toml: web('source = "192.168.1.11"', 'peers = ["192.168.1.11"]'),
    expected: ["error instance.web.peers.0"],
  },
  {
    title: "a peer twice",
    toml: web('peers = ["192.168.1.12", "192.168.1.12"]'),
    expected: ["error instance.web.peers.1"],
  },
  {
    title: "peers that are none",
    toml: web('peers = ["192.168.1.12/24", "pi-b", "224.0.0.18", "127.0.0.1", "255.255.255.255"]'),
    expected: [0, 1, 2, 3, 4].map((index) => `error instance.web.peers.${index}`),
  },
  {
    title: "peer and source of another family",
    toml: web('source = "fe80::11"', 'peers = ["fe80::12"]'),
    expected: ["error instance.web.source", "error instance.web.peers.0"],
  },
  {
    title: "a floating address as peer and source",
    toml: web('source = "192.168.1.50"', 'peers = ["192.168.1.50"]'),
    expected: [
      "error instance.web.source",
      "error instance.web.peers.0",
      "error instance.web.peers.0",
    ],
  },
  // Nodes
  { title: "no nodes", toml: `[nodes]\n\n${WEB}`, expected: ["error nodes"] },
  {
    title: "nodes with one address",
    toml: `[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.11"\n${WEB}`,
    expected: ["error nodes.pi-b"],
  },
  {
    title: "a node with two addresses of a family",
    toml: `[nodes]\npi-a = ["192.168.1.11", "192.168.1.12"]\n${WEB}`,
    expected: ["error nodes.pi-a.1"],
  },
  {
    title: "nodes that cannot be",
    toml: `[nodes]\npi-a = "192.168.1.11/24"\npi-b = 5\npi-c = []\npi-d = "127.0.0.1"\n` +
      `"pi e" = "192.168.1.12"\n${WEB}`,
    expected: [
      "error nodes.pi-a",
      "error nodes.pi-b",
      "error nodes.pi-c",
      "error nodes.pi-d",
      "error nodes.pi e",
    ],
  },
  {
    title: "a node's address floats",
    toml: NODES + floating('"192.168.1.11/24"'),
    expected: ["error instance.web.addresses.0"],
  },
  {
    title: "node.name names nobody",
    toml: `[node]\nname = "pi-aa"\n\n${NODES}${WEB}`,
    expected: ["error node.name"],
  },
  // Instances and groups together
  {
    title: "two instances on one VRID",
    toml: `${WEB}\n[instance.dns]\nvrid = 51\naddresses = ["192.168.1.53/24"]\n`,
    expected: ["error instance.dns.vrid"],
  },
  {
    title: "two instances on one VRID of one interface",
    toml: `${
      web('interface = "eth0"')
    }\n[instance.dns]\ninterface = "eth0"\nvrid = 51\naddresses = ["192.168.1.53/24"]\n`,
    expected: ["error instance.dns.vrid"],
  },
  {
    title: "a group of strangers",
    toml: `${WEB}\n[group.all]\ninstances = ["web", "webb"]\n`,
    expected: ["error group.all.instances.1"],
  },
  {
    title: "a group that is of two minds",
    toml: `${NODES}${WEB}prefer = ["pi-a", "pi-b"]\n\n[instance.dns]\nvrid = 53\n` +
      `addresses = ["192.168.1.53/24"]\nprefer = ["pi-b", "pi-a"]\n\n` +
      `[group.all]\ninstances = ["web", "dns"]\n`,
    expected: ["warning instance.dns.prefer"],
  },
  {
    title: "a group of one",
    toml: `${WEB}\n[group.all]\ninstances = ["web"]\n`,
    expected: ["warning group.all.instances"],
  },
  {
    title: "an empty group",
    toml: `${WEB}\n[group.all]\ninstances = []\n`,
    expected: ["error group.all.instances"],
  },
  {
    title: "an instance in two groups",
    toml: `${WEB}\n[instance.dns]\nvrid = 53\naddresses = ["192.168.1.53/24"]\n\n` +
      `[group.a]\ninstances = ["web", "dns"]\n\n[group.b]\ninstances = ["dns", "dns"]\n`,
    expected: ["error group.b.instances.0", "error group.b.instances.1"],
  },
];
