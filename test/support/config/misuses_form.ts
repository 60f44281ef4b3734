/** Mistakes of TOML, of keys and of single addresses. */

import { floating, type Misuse, WEB, web } from "./misuse.ts";

/** Mistakes of form, and of single addresses. */
export const FORM: readonly Misuse[] = [
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
  // What follows from a misspelling is no problem of its own.
  {
    title: "misspelt addresses",
    toml: '[instance.web]\nvrid = 51\naddreses = ["192.168.1.50/24"]\n',
    expected: ["error instance.web.addreses"],
  },
  {
    title: "misspelt peers",
    toml: web('transport = "unicast"', 'pears = ["192.168.1.12"]'),
    expected: ["error instance.web.pears"],
  },
  {
    title: "a misspelt version",
    toml: web("versoin = 2", 'auth = { pass = "secret12" }'),
    expected: ["error instance.web.versoin"],
  },
  {
    title: "a misspelt table of checks",
    toml: web('checks = ["nginx"]', "[chek.nginx]", 'http = "http://127.0.0.1/"'),
    expected: ["error chek"],
  },
  {
    title: "a misspelt table of nodes",
    toml: `[noddes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n\n${
      web('prefer = ["pi-a"]', 'transport = "unicast"')
    }`,
    expected: ["error noddes"],
  },
  {
    title: "a misspelt table of instances",
    toml: `${WEB.replace("instance", "instnace")}[instnace.db]\nvrid = 52\n` +
      'addresses = ["192.168.1.51/24"]\n[group.g]\ninstances = ["web", "db"]\n',
    expected: ["error instnace"],
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
  // Ports
  {
    title: "ports that are none",
    toml: web('transport = "udp"', 'peers = ["192.168.1.12"]', "port = 0") +
      '[instance.b]\nvrid = 52\naddresses = ["10.0.0.1/24"]\nport = 65536\n' +
      '[instance.c]\nvrid = 53\naddresses = ["10.0.0.2/24"]\nport = "336"\n',
    expected: [
      "error instance.web.port",
      "error instance.b.port",
      "error instance.c.port",
    ],
  },
  {
    title: "a transport that is none, and a port",
    toml: web('transport = "tcp"', "port = 336"),
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
    title: "addresses that are no machine's by what they are",
    toml: floating(
      '"255.255.255.255/32"',
      '"240.0.0.7/24"',
      '"0.1.2.3/8"',
      '"::ffff:10.0.0.5/120"',
      '"::ffff:10.0.0.0/120"',
      '"::ffff:127.0.0.1"',
      '"::10.0.0.5/64"',
    ),
    expected: Array.from({ length: 7 }, (_, index) => `error instance.web.addresses.${index}`),
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
];
