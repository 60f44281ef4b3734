/** How does a first configuration read? The one file for all nodes, with the comments that a newcomer needs. */
import { formatIp, type Ip, isLinkLocal } from "../net/ip.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import { writeKey, writeValue } from "./toml_text.ts";

/** A node of the file. */
export interface FirstNode {
  readonly name: string;
  readonly address: Ip;
}

/** A health check that is proposed, as a comment. */
export interface ProposedCheck {
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
  /** Was the LAN listened to, so that nobody uses it? */
  readonly heard: boolean;
  readonly address: Prefix;
  /** This node first; empty: whoever has the file takes part, by multicast. */
  readonly nodes: readonly FirstNode[];
  readonly check: ProposedCheck;
}

/** Comments behind values stand in one column. */
const COLUMN = 40;

/** The file's text; `floatip check` accepts it. */
export function firstFile(answers: FirstAnswers): string {
  const { instance, vrid, heard, address, nodes, check } = answers;
  const vridWords = heard ? "nobody on this LAN was heard with it" : "any number that is free";
  return [
    "# Made by `floatip init`. The same file belongs on every node.",
    "",
    ...nodeLines(nodes),
    `[instance.${writeKey(instance)}]`,
    ...(answers.interface === undefined ? [] : [`interface = ${writeValue(answers.interface)}`]),
    commented(`vrid = ${vrid}`, vridWords),
    commented(
      `addresses = ${writeValue(addressesOf(answers))}`,
      address.address.family === "ipv4"
        ? "keep it out of your router's DHCP range"
        : "RFC 9568 wants a link-local one first",
    ),
    ...(nodes.length === 0 ? [] : [commented(
      `prefer = ${writeValue(nodes.map(({ name }) => name))}`,
      "who should hold it, best first",
    )]),
    `# checks = [${writeValue(check.name)}]`,
    "",
    "# A node whose service fails gives the address up: take the # off here, and off `checks`.",
    `# [check.${writeKey(check.name)}]`,
    `# ${check.line}`,
    "",
  ].join("\n");
}

/** An IPv6 address has a link-local companion in front of it, made of the VRID (RFC 9568 5.2.9). */
function addressesOf({ address, vrid }: FirstAnswers): readonly string[] {
  const companion = address.address.family === "ipv6" && !isLinkLocal(address.address);
  return [...(companion ? [`fe80::${vrid.toString(16)}/64`] : []), formatPrefix(address)];
}

function nodeLines(nodes: readonly FirstNode[]): readonly string[] {
  if (nodes.length === 0) {
    return [
      "# Every machine with this file takes part, by multicast. To prefer one, and to do without multicast,",
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

/** The check that fits the ports that somebody listens on here; of a web server where none is known. */
export function proposedCheck(ports: ReadonlySet<number>): ProposedCheck {
  const known = KNOWN_PORTS.find(([port]) => ports.has(port));
  return known?.[1] ?? { name: "web", line: 'http = "http://127.0.0.1/"' };
}
