/** Which keys may an [instance.NAME] have, and what stands inside them? */
import { milliseconds, nanoseconds, seconds } from "../../time.ts";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { type Keys, NAME_PATTERN } from "./root.ts";
import {
  address,
  duration,
  either,
  flag,
  leaseTime,
  list,
  listOf,
  mapOf,
  oneOf,
  prefix,
  table,
  text,
  wholeNumber,
} from "./types.ts";

const INTERFACE_PATTERN = /^(?!\.{1,2}$)[^\s/:\p{C}]{1,15}$/u;

/** [instance.NAME] */
export const INSTANCE = {
  interface: {
    shape: text(INTERFACE_PATTERN),
    form: "the name of an interface (15 bytes at most, as `ip link` shows it)",
    default:
      "the one that has the node's address in [nodes], else the one whose subnet has the floating address",
    what: "The interface that adverts leave through and addresses are added to.",
    why: "Adverts on the wrong wire reach no peer, and every node makes itself master.",
    example: '"eth0"',
    synonyms: ["dev", "device", "iface", "nic"],
  },
  vrid: {
    shape: wholeNumber(1, 255),
    form: "a whole number from 1 to 255",
    default: undefined,
    what:
      "The virtual router's number: the same on all its nodes, used by nothing else on the LAN.",
    why: "Nodes recognise each other by it; it is one byte of the packet.",
    example: "51",
    remark: "",
    synonyms: ["virtual_router_id", "router_id", "id"],
  },
  addresses: {
    shape: list(),
    form: "a list of at least one floating address",
    default: undefined,
    what: "The floating addresses: the master has them.",
    why: "They are what clients connect to.",
    example: '["192.168.1.50/24"]',
    remark: "a free address of your LAN",
    synonyms: ["virtual_ipaddress", "virtual_ip", "vip", "vips", "ip", "ips", "address"],
  },
  prefer: {
    shape: listOf(text(NAME_PATTERN)),
    entry: text(NAME_PATTERN),
    form: "a list of node names, best first",
    default: "no node is preferred: all have priority 100",
    what:
      "The nodes that should hold the addresses, best first: priorities 200, 190, 180 and so on follow from it.",
    why: "The best node that is alive becomes master.",
    example: '["pi-a", "pi-b"]',
    synonyms: ["order", "preference", "preferred"],
  },
  priority: {
    shape: either(wholeNumber(1, 255), mapOf(wholeNumber(1, 255))),
    form: "a whole number from 1 to 255, or one for each node: { pi-a = 150, pi-b = 100 }",
    default: "from prefer, else 100",
    what:
      "The node with the highest priority becomes master; 255 takes the address at once, without listening.",
    why: "The highest priority wins; 0 means leaving, and 255 is for the owner of the address.",
    example: "150",
    synonyms: ["prio", "weight"],
  },
  version: {
    shape: oneOf(2, 3),
    form: "2 or 3",
    default: "3",
    what: "The version of VRRP: 3 (RFC 9568), or 2 (RFC 3768) for peers that know no other.",
    why: "Nodes with different versions do not understand each other: each makes itself master.",
    example: "3",
    synonyms: ["vrrp_version"],
  },
  advert_interval: {
    // What each version can carry is checked where the version is known.
    shape: duration(nanoseconds(0), seconds(86400)),
    form: 'a duration with its unit, such as "1s" or "100ms"',
    default: '"1s"',
    what:
      "How often the master says that it is alive; a takeover takes a little over three of them.",
    why: "It decides how soon a dead master is noticed.",
    example: '"1s"',
    synonyms: ["advert_int", "advertisement_interval", "interval"],
  },
  transport: {
    shape: oneOf("multicast", "unicast", "udp"),
    form: '"multicast", "unicast" or "udp"',
    default: '"unicast" where peers are known, else "multicast"',
    what:
      "How adverts travel: to a group on the LAN, to each peer by its address, or (between floatip nodes only) to each peer by UDP.",
    why: "Nodes that use different transports do not hear each other: each makes itself master.",
    example: '"multicast"',
  },
  port: {
    shape: wholeNumber(1, 65535),
    form: "a whole number from 1 to 65535",
    default: String(DEFAULT_UDP_PORT),
    what: 'The UDP port with transport = "udp": adverts come from it and go to it.',
    why: "Nodes that use different ports do not hear each other: each makes itself master.",
    example: String(DEFAULT_UDP_PORT),
    synonyms: ["udp_port"],
  },
  source: {
    shape: address(),
    form: 'an address without a prefix length, such as "192.168.1.11"',
    default: "the node's address in [nodes], else the interface's own",
    what: "The address that adverts come from.",
    why: "Peers accept adverts from the addresses they know, and from no other.",
    example: '"192.168.1.11"',
    synonyms: ["unicast_src_ip", "mcast_src_ip", "src", "unicast_source"],
  },
  peers: {
    shape: listOf(address()),
    entry: address(),
    form: 'a list of at least one address without prefix length, such as ["192.168.1.12"]',
    default: "the other nodes in [nodes]",
    what: "The other nodes' addresses.",
    why: "A node that is not named here hears nothing, but for multicast, and makes itself master.",
    example: '["192.168.1.12"]',
    synonyms: ["unicast_peer", "unicast_peers", "peer"],
  },
  preempt: {
    shape: flag(),
    form: "true or false",
    default: "true",
    what: "Does a better node that comes back take the addresses from a living master?",
    why: "It decides whether there is a second interruption when a node returns.",
    example: "true",
    synonyms: ["nopreempt", "preemption"],
  },
  preempt_delay: {
    shape: duration(nanoseconds(0), seconds(86400)),
    form: 'a duration with its unit from "0s" to "24h", such as "30s"',
    default: '"0s"',
    what: "How long a better node that comes back leaves a living master alone.",
    why: "It gives services time to start before the addresses return.",
    example: '"30s"',
  },
  initial_state: {
    shape: oneOf("backup", "master"),
    form: '"backup" or "master"',
    default: '"backup"',
    what: '"master": the first election after a start preempts at once.',
    why:
      "Every node listens first whatever is written here; the priority decides which one is master.",
    example: '"backup"',
    synonyms: ["state"],
  },
  auth: {
    shape: table(),
    form: "a table with the password: { pass = ... }",
    default: "none",
    what: "VRRPv2's password, for peers that demand one.",
    why: "It travels in clear text: it keeps mistakes apart, not attackers.",
    example: '{ pass = "secret12" }',
    synonyms: ["authentication", "password", "auth_pass", "pass"],
    secret: true,
  },
  checksum: {
    shape: oneOf("auto", "pseudo-header", "rfc9568"),
    form: '"auto", "pseudo-header" or "rfc9568"',
    default: '"auto"',
    what: "The form of the VRRPv3 checksum over IPv4 that is sent; both are accepted.",
    why: "Some peers accept one form only; with auto floatip sends the form its peers use.",
    example: '"auto"',
  },
  address_mismatch: {
    shape: oneOf("auto", "obey", "ignore"),
    form: '"auto", "obey" or "ignore"',
    default: '"auto"',
    what: "What to do with an advert that names other addresses; auto ignores strangers' only.",
    why: "It decides whether a stranger with the same VRID can take the addresses away.",
    example: '"auto"',
  },
  lease: {
    shape: leaseTime(seconds(1), seconds(3600)),
    form: '"auto", "off" or a duration in whole seconds from "1s" to "1h"',
    default: '"auto"',
    what: "How long the kernel keeps a floating address that the daemon does not renew.",
    why: "It takes the address off a node whose floatip died, so that two nodes never hold it.",
    example: '"auto"',
  },
  duplicate_check: {
    shape: oneOf("quick", "off"),
    form: '"quick" or "off"',
    default: '"quick"',
    what: "Ask the LAN for the address: just before a takeover, and every ten seconds.",
    why: "An answer is reported: adverts are being lost, or another machine uses the address.",
    example: '"quick"',
  },
  stop: {
    shape: oneOf("handover", "release"),
    form: '"handover" or "release"',
    default: '"handover"',
    what: "How an orderly stop gives the addresses up: when a backup has taken over, or at once.",
    why: "At once is sooner done, and clients notice it.",
    example: '"handover"',
  },
  checks: {
    shape: listOf(text(NAME_PATTERN)),
    entry: text(NAME_PATTERN),
    form: "a list of names of checks",
    default: "none",
    what: "The health checks that this instance depends on.",
    why: "A node whose service fails would keep the address, without a message.",
    example: '["nginx"]',
    synonyms: ["check", "track_script", "track_process", "track_file"],
  },
  notify: {
    shape: table(),
    form: "a table",
    default: "none",
    what: "Commands and services for this instance's changes, besides [notify].",
    why: "The command or address named here would never be called.",
    example: "{}",
  },
} as const satisfies Keys;

/** An entry of `addresses`: a text is the same as { address = TEXT }. */
export const ADDRESS = {
  address: {
    shape: prefix(),
    form: 'an address with its prefix length, such as "192.168.1.50/24"',
    default: undefined,
    what: "The floating address; without a prefix length it is a host address (/32, /128).",
    why: "The kernel derives the subnet from it.",
    example: '"192.168.1.50/24"',
    synonyms: ["ip", "prefix"],
  },
  interface: {
    shape: INSTANCE.interface.shape,
    form: INSTANCE.interface.form,
    default: "the instance's",
    what: "The interface that this one address is added to.",
    why: "Neighbours ask for the address on that wire.",
    example: '"eth1"',
    synonyms: ["dev", "device", "iface"],
  },
  label: {
    shape: text(/^[^\s\p{C}]{1,64}$/u),
    form: 'a label such as "eth0:1"',
    default: "none",
    what:
      'The label that ifconfig shows (IPv4 only); one that begins with ":" follows the interface\'s name.',
    why: "The kernel keeps 15 bytes of it.",
    example: '"eth0:1"',
  },
  advertise: {
    shape: flag(),
    form: "true or false",
    default: "true",
    what:
      "Do adverts name the address? Without, it moves all the same, and peers need not know it.",
    why: "Peers that name other addresses than this node may ignore its adverts.",
    example: "false",
    synonyms: ["advertised", "excluded", "virtual_ipaddress_excluded"],
  },
} as const satisfies Keys;

/** auth = { ... } */
export const AUTH = {
  pass: {
    shape: text(/^/),
    form: 'a text of 1 to 8 bytes, or { credential = "NAME" }',
    default: undefined,
    what: "The password, the same on all nodes.",
    why: "Adverts with another password are rejected, and every node makes itself master.",
    example: '"secret12"',
    synonyms: ["auth_pass", "password"],
    secret: true,
  },
} as const satisfies Keys;

/** The smallest and largest advertisement interval of VRRPv3 (RFC 9568 5.2.7: 12 bits of centiseconds). */
export const V3_INTERVAL = { least: milliseconds(10), most: milliseconds(40950) } as const;
