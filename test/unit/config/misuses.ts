/** What do people write wrongly? Each mistake with the places of all problems that it must bring. */

/** One mistake: a text, and the problems expected of it as "severity path", in the order of the file. */
export interface Misuse {
  readonly title: string;
  readonly toml: string;
  readonly expected: readonly string[];
}

const WEB = `[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n`;
const NODES = `[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n\n`;

function web(...lines: readonly string[]): string {
  return `${WEB}${lines.join("\n")}\n`;
}

function floating(...addresses: readonly string[]): string {
  return `[instance.web]\nvrid = 51\naddresses = [${addresses.join(", ")}]\n`;
}

/** Every mistake that is looked for. */
export const MISUSES: readonly Misuse[] = [
  // TOML itself
  { title: "no quotes", toml: web("interface = eth0"), expected: ["error "] },
  { title: "no quotes around a duration", toml: web("advert_interval = 1s"), expected: ["error "] },
  { title: "curly quotes", toml: web("interface = “eth0”"), expected: ["error "] },
  { title: "a key twice", toml: web("vrid = 52"), expected: ["error "] },
  { title: "an open text", toml: web('interface = "eth0'), expected: ["error "] },
  {
    title: "a password in broken TOML",
    toml: web("auth = { pass = hunter2 }"),
    expected: ["error "],
  },
  {
    title: "a keepalived.conf",
    toml: "vrrp_instance VI_1 {\n    state MASTER\n    auth_pass hunter2\n}\n",
    expected: ["error "],
  },
  // Shape
  { title: "an empty file", toml: "", expected: ["error "] },
  {
    title: "a misspelt key",
    toml: web('interfce = "eth0"'),
    expected: ["error instance.web.interfce"],
  },
  {
    title: "a key that is like no other",
    toml: web("colour = 1"),
    expected: ["error instance.web.colour"],
  },
  {
    title: "a key of the object prototype",
    toml: web("constructor = 1"),
    expected: ["error instance.web.constructor"],
  },
  {
    title: "a misspelt table",
    toml: `${WEB}[instances.dns]\nvrid = 1\n`,
    expected: ["error instances"],
  },
  { title: "no table at all", toml: "vrid = 51\n", expected: ["error vrid", "error "] },
  {
    title: "an instance without a name",
    toml: '[instance]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n',
    expected: ["error instance.vrid", "error instance.addresses"],
  },
  { title: "a list of tables", toml: "[[instance]]\nvrid = 51\n", expected: ["error instance"] },
  {
    title: "keepalived's words",
    toml: `[instance.web]
virtual_router_id = 51
virtual_ipaddress = ["192.168.1.50/24"]
state = "MASTER"
advert_int = 1
nopreempt = true
unicast_peer = ["192.168.1.12"]
track_script = ["chk"]
`,
    expected: [
      "error instance.web",
      "error instance.web",
      "error instance.web.virtual_router_id",
      "error instance.web.virtual_ipaddress",
      "error instance.web.state",
      "error instance.web.advert_int",
      "error instance.web.nopreempt",
      "error instance.web.unicast_peer",
      "error instance.web.track_script",
    ],
  },
  {
    title: "nothing said",
    toml: "[instance.web]\n",
    expected: ["error instance.web", "error instance.web"],
  },
  {
    title: "a blank in a name",
    toml: '["instance"."my web"]\nvrid = 1\naddresses = ["10.0.0.1/24"]\n',
    expected: ["error instance.my web"],
  },
  {
    title: "wrong types",
    toml: `[node]
name = 5

[instance.web]
vrid = "51"
addresses = "192.168.1.50/24"
interface = ["eth0"]
priority = "high"
version = "3"
advert_interval = 1
transport = "broadcast"
source = "eth0"
peers = "192.168.1.12"
preempt = "no"
preempt_delay = 30
initial_state = "MASTER"
auth = "hunter2"
checksum = true
address_mismatch = "strict"
lease = 5
`,
    expected: [
      "error node.name",
      ...[
        "vrid",
        "addresses",
        "interface",
        "priority",
        "version",
        "advert_interval",
        "transport",
        "source",
        "peers",
        "preempt",
        "preempt_delay",
        "initial_state",
        "auth",
        "checksum",
        "address_mismatch",
        "lease",
      ].map((key) => `error instance.web.${key}`),
    ],
  },
  { title: "vrid 0", toml: WEB.replace("51", "0"), expected: ["error instance.web.vrid"] },
  { title: "vrid 256", toml: WEB.replace("51", "256"), expected: ["error instance.web.vrid"] },
  {
    title: "vrid with a fraction",
    toml: WEB.replace("51", "5.5"),
    expected: ["error instance.web.vrid"],
  },
  {
    title: "vrid as a date",
    toml: WEB.replace("51", "1979-05-27"),
    expected: ["error instance.web.vrid"],
  },
  { title: "priority 0", toml: web("priority = 0"), expected: ["error instance.web.priority"] },
  { title: "priority 256", toml: web("priority = 256"), expected: ["error instance.web.priority"] },
  { title: "version 4", toml: web("version = 4"), expected: ["error instance.web.version"] },
  {
    title: "a duration without a unit",
    toml: web('advert_interval = "1"'),
    expected: ["error instance.web.advert_interval"],
  },
  {
    title: "an interface's name that is too long",
    toml: web('interface = "averyverylongname"'),
    expected: ["error instance.web.interface"],
  },
  {
    title: "an alias as interface",
    toml: web('interface = "eth0:1"'),
    expected: ["error instance.web.interface"],
  },
  {
    title: "lease of half a second",
    toml: web('lease = "500ms"'),
    expected: ["error instance.web.lease"],
  },
  {
    title: "lease shorter than three adverts",
    toml: web('lease = "2s"'),
    expected: ["warning instance.web.lease"],
  },
  // Later work
  {
    title: "health checks",
    toml: `${web('checks = ["nginx"]')}\n[check.nginx]\nhttp = "http://127.0.0.1/"\nweight = -50\n`,
    expected: ["error instance.web.checks", "error check"],
  },
  {
    title: "notifications",
    toml: `${WEB}\n[notify]\ncommand = ["/bin/true"]\n`,
    expected: ["error notify"],
  },
  {
    title: "transport udp",
    toml: web('transport = "udp"'),
    expected: ["error instance.web.transport"],
  },
  // Addresses
  { title: "no address", toml: floating(), expected: ["error instance.web.addresses"] },
  {
    title: "a broadcast address",
    toml: floating('"192.168.1.255/24"'),
    expected: ["error instance.web.addresses.0"],
  },
  {
    title: "a network address",
    toml: floating('"192.168.1.0/24"'),
    expected: ["error instance.web.addresses.0"],
  },
  {
    title: "addresses that no machine can have",
    toml: floating(
      '"224.0.0.18/24"',
      '"127.0.0.1/8"',
      '"0.0.0.0/8"',
      '"10.0.0.1/0"',
      '"10.0.0.1/33"',
      '"10.0.0.256/8"',
      '"nginx"',
      "5",
    ),
    expected: Array.from({ length: 8 }, (_, index) => `error instance.web.addresses.${index}`),
  },
  {
    title: "IPv6 addresses that no machine can have",
    toml: floating('"fe80::1/64"', '"2001:db8::/64"', '"ff02::12/64"', '"::1/128"'),
    expected: [1, 2, 3].map((index) => `error instance.web.addresses.${index}`),
  },
  {
    title: "a table's broadcast address",
    toml: floating('{ address = "192.168.1.255/24" }'),
    expected: ["error instance.web.addresses.0.address"],
  },
  {
    title: "a table without its address",
    toml: floating('{ label = "eth0:1" }'),
    expected: ["error instance.web.addresses.0"],
  },
  {
    title: "a misspelt key of an address",
    toml: floating('{ address = "10.0.0.1/24", lable = "eth0:1" }'),
    expected: ["error instance.web.addresses.0.lable"],
  },
  {
    title: "the same address twice",
    toml: floating('"192.168.1.50/24"', '"192.168.1.50/32"'),
    expected: ["error instance.web.addresses.1"],
  },
  {
    title: "the same address in two instances",
    toml: `${WEB}\n[instance.dns]\nvrid = 52\naddresses = ["192.168.1.50/24"]\n`,
    expected: ["error instance.dns.addresses.0"],
  },
  {
    title: "IPv6 without a link-local address first",
    toml: floating('"2001:db8::50/64"'),
    expected: ["warning instance.web.addresses.0"],
  },
  {
    title: "a label of 16 bytes",
    toml: floating('{ address = "10.0.0.1/24", label = "eth0:abcdefghijk" }'),
    expected: ["error instance.web.addresses.0.label"],
  },
  {
    title: "a label of another interface",
    toml: floating('{ address = "10.0.0.1/24", interface = "eth1", label = "eth0:1" }'),
    expected: ["error instance.web.addresses.0.label"],
  },
  {
    title: "a label for IPv6",
    toml: floating('{ address = "fe80::1/64", label = "eth0:1" }'),
    expected: ["error instance.web.addresses.0.label"],
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
    expected: ["error instance.web.auth", "error instance.web.auth.pas"],
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
    toml:
      `[nodes]\npi-a = "192.168.1.11/24"\npi-b = 5\npi-c = []\npi-d = "127.0.0.1"\n"pi e" = "192.168.1.12"\n${WEB}`,
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
    toml:
      `${WEB}\n[instance.dns]\nvrid = 53\naddresses = ["192.168.1.53/24"]\n\n[group.a]\ninstances = ["web", "dns"]\n\n[group.b]\ninstances = ["dns", "dns"]\n`,
    expected: ["error group.b.instances.0", "error group.b.instances.1"],
  },
];
