/**
 * A first configuration: what a person who knows the LAN would choose, and the one file for all
 * nodes.
 */
import { addressesOf, type Interfaces, type Link } from "../net/interfaces.ts";
import {
  type Family,
  formatIp,
  type Ip,
  ipFromBytes,
  isLinkLocal,
  isLoopback,
  sameIp,
  sizeOf,
} from "../net/ip.ts";
import { broadcastOf, containsIp, formatPrefix, networkOf, type Prefix } from "../net/prefix.ts";
import type { DefaultRoute } from "../net/routes.ts";
import type { Nanoseconds } from "../time.ts";
import { writeKey, writeValue } from "./toml_text.ts";

/** A node of the file. */
export interface FirstNode {
  readonly name: string;
  readonly address: Ip;
}

/** A health check that is proposed, as a comment. */
interface ProposedCheck {
  readonly name: string;
  /** Its line below [check.NAME]. */
  readonly line: string;
}

/** Everything that was found out or answered. */
export interface FirstAnswers {
  readonly instance: string;
  /** Undefined: every node finds it by its own address. */
  readonly interface: string | undefined;
  readonly vrid: number;
  /** Was the LAN listened to, and nothing heard with it? */
  readonly heard: boolean;
  readonly address: Prefix;
  /** This node first; empty: every machine with the file takes part, by multicast. */
  readonly nodes: readonly FirstNode[];
  readonly check: ProposedCheck;
  /** Is the page served to the LAN? Otherwise it stands there as a comment. */
  readonly hasPage: boolean;
}

/** The credential with the secret of a first file's [cluster]. */
export const FIRST_CREDENTIAL = "cluster";

/** Where a first file has the page. */
export const PAGE_PORT = 9113;

/** Comments behind values stand in one column. */
const COLUMN = 40;

/** The file's text; `floatip check` accepts it. */
export function firstFile(answers: FirstAnswers): string {
  const { instance, vrid, heard, address, nodes, check, hasPage } = answers;
  const vridWords = heard ? "nothing on this LAN was heard with it" : "any number that is free";
  return [
    "# Made by `floatip init`. The same file belongs on every node.",
    "",
    ...nodeLines(nodes),
    `[instance.${writeKey(instance)}]`,
    ...(answers.interface === undefined ? [] : [`interface = ${writeValue(answers.interface)}`]),
    commented(`vrid = ${vrid}`, vridWords),
    commented(
      `addresses = ${writeValue(floatingAddresses(answers))}`,
      address.address.family === "ipv4"
        ? "keep it out of your router's DHCP range"
        : "RFC 9568 wants a link-local one first",
    ),
    ...(nodes.length === 0 ? [] : [commented(
      `prefer = ${writeValue(nodes.map(({ name }) => name))}`,
      "which node should hold it, best first",
    )]),
    `# checks = [${writeValue(check.name)}]`,
    "",
    "# A node whose service fails gives the address up: take the # off here, and off `checks`.",
    `# [check.${writeKey(check.name)}]`,
    `# ${check.line}`,
    "",
    ...pageLines(address.address.family).map((line) => hasPage ? line : `# ${line}`),
    "",
  ].join("\n");
}

function pageLines(family: Family): readonly string[] {
  const listen = writeValue(`${anyAddress(family)}:${PAGE_PORT}`);
  const line = commented(`listen = ${listen}`, "a page for all browsers on the LAN, read-only");
  return ["[web]", line];
}

/** Every address of a node, as [web] writes it. */
function anyAddress(family: Family): string {
  return family === "ipv4" ? "0.0.0.0" : "[::]";
}

/** An IPv6 address has a link-local companion in front of it, made of the VRID (RFC 9568 5.2.9). */
function floatingAddresses({ address, vrid }: FirstAnswers): readonly string[] {
  const companion = address.address.family === "ipv6" && !isLinkLocal(address.address);
  return [...(companion ? [`fe80::${vrid.toString(16)}/64`] : []), formatPrefix(address)];
}

function nodeLines(nodes: readonly FirstNode[]): readonly string[] {
  if (nodes.length === 0) {
    return [
      "# Every machine with this file takes part, by multicast. To prefer one, and to do " +
      "without multicast,",
      "# name them all:",
      "#   [nodes]",
      '#   pi-a = "192.168.1.11"',
      "",
    ];
  }
  return [
    "[nodes]",
    ...nodes.map(({ name, address }) => `${writeKey(name)} = ${writeValue(formatIp(address))}`),
    "",
    "[cluster]",
    commented(
      `secret = { credential = ${writeValue(FIRST_CREDENTIAL)} }`,
      "nodes tell each other their state",
    ),
    "",
  ];
}

function commented(line: string, comment: string): string {
  return `${line.padEnd(COLUMN)} # ${comment}`;
}

/** Checks by the port that this machine listens on, in the order in which they are proposed. */
const KNOWN_PORTS: readonly (readonly [number, ProposedCheck])[] = [
  [53, { name: "dns", line: 'dns = "localhost"' }],
  [6443, { name: "k3s", line: 'tcp = "127.0.0.1:6443"' }],
  [5432, { name: "postgres", line: 'tcp = "127.0.0.1:5432"' }],
  [80, { name: "web", line: 'http = "http://127.0.0.1/"' }],
  [443, { name: "web", line: 'tcp = "127.0.0.1:443"' }],
  [8123, { name: "home-assistant", line: 'http = "http://127.0.0.1:8123/"' }],
  [1883, { name: "mqtt", line: 'tcp = "127.0.0.1:1883"' }],
];

/**
 * The check that fits the ports that are listened on here; of a web server where none is known.
 */
export function proposedCheck(ports: ReadonlySet<number>): ProposedCheck {
  const known = KNOWN_PORTS.find(([port]) => ports.has(port));
  return known?.[1] ?? { name: "web", line: 'http = "http://127.0.0.1/"' };
}

/** An interface that a virtual router could be on, and this machine's own address there. */
export interface Home {
  readonly link: Link;
  readonly own: Prefix;
  /** Where `own` is lent, by DHCP or a router: how much longer. */
  readonly validFor?: Nanoseconds;
}

/**
 * Where a floating address could live: links that are up and have an address of their own, IPv4
 * before IPv6 (one per link); first the one that the best default route leaves by, then those with
 * carrier.
 */
export function homesOf(
  interfaces: Interfaces,
  routes: readonly DefaultRoute[],
): readonly Home[] {
  const rank = ({ link }: Home): number => {
    const route = routes.findIndex((one) => one.interface === link.name);
    return route >= 0 ? route : routes.length + (link.running ? 0 : 1);
  };
  return interfaces.links.flatMap((link) => {
    if (link.loopback || !link.up || !link.arp) return [];
    const own = addressesOf(interfaces, link).filter((entry) =>
      !entry.ours && !entry.tentative && !entry.deprecated && !isLinkLocal(entry.prefix.address)
    ).toSorted((a, b) =>
      compareFamilies(a.prefix, b.prefix)
    )[0];
    if (own === undefined) return [];
    const { prefix, validFor } = own;
    return [{ link, own: prefix, ...(validFor === undefined ? {} : { validFor }) }];
  }).toSorted((a, b) => rank(a) - rank(b));
}

function compareFamilies(a: Prefix, b: Prefix): number {
  return Number(b.address.family === "ipv4") - Number(a.address.family === "ipv4");
}

/** Last bytes of addresses that routers' DHCP pools mostly leave out: high ones, from 250 down. */
const HIGHEST = 250;

/**
 * Up to `count` addresses of the subnet of `own`, most likely unused first: from .250 down, of a
 * large subnet those beside this machine's own. Left out are `taken`, the network's and the
 * broadcast address. Empty where there is no room (/31, /32).
 */
export function candidatesIn(own: Prefix, taken: readonly Ip[], count: number): readonly Prefix[] {
  const size = sizeOf(own.address.family);
  const length = Math.max(own.length, size * 8 - 8);
  const block: Prefix = { address: own.address, length };
  const [first, last] = [networkOf(block), broadcastOf(block)];
  const lowest = first.bytes.at(-1) ?? 0;
  const highest = last.bytes.at(-1) ?? 0;
  // In a small subnet the top end stands for .250.
  const start = highest - lowest >= HIGHEST ? lowest + HIGHEST : highest - 1;
  const found: Prefix[] = [];
  for (let end = start; end > lowest && found.length < count; end--) {
    const bytes = first.bytes.slice();
    bytes[size - 1] = end;
    const address = ipFromBytes(bytes);
    if ([own.address, ...taken].some((other) => sameIp(other, address))) continue;
    if (isEdge(own, address)) continue;
    found.push({ address, length: own.length });
  }
  return found;
}

function isEdge(own: Prefix, address: Ip): boolean {
  return sameIp(address, networkOf(own)) || sameIp(address, broadcastOf(own));
}

/** The customary first one: examples of keepalived's and ours begin there. */
const FIRST_VRID = 51;

/** A VRID not in `used`: `first`, the next ones up to 255, then from 1. Undefined: all are used. */
export function freeVrid(
  used: ReadonlySet<number>,
  first: number = FIRST_VRID,
): number | undefined {
  const all = Array.from({ length: 255 }, (_, i) => (first - 1 + i) % 255 + 1);
  return all.find((vrid) => !used.has(vrid));
}

/**
 * An address as a person types it, with the subnet's length where none was typed and it lies
 * inside.
 */
export function completed(typed: Prefix, written: string, own: Prefix): Prefix {
  if (written.includes("/") || !containsIp(own, typed.address)) return typed;
  return { address: typed.address, length: own.length };
}

/** Could it float here? Words for what is wrong; undefined: nothing. */
export function faultOfAddress({ address, length }: Prefix, own: Prefix): string | undefined {
  if (sameIp(address, own.address)) return "is this machine's own address";
  if (isLoopback(address)) return "is a loopback address";
  const edge = length < sizeOf(address.family) * 8 - 1 && isEdge({ address, length }, address);
  return edge ? "is the network's or broadcast address of its subnet" : undefined;
}
