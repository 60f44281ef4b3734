/** The other nodes of `floatip init`: names and addresses, looked up where one is missing. */
import type { FirstNode } from "../../config/first_file.ts";
import { NAME_PATTERN } from "../../config/tables/types.ts";
import { type Family, formatIp, type Ip, parseIp, sameIp } from "../../net/ip.ts";
import type { RunProgram } from "../../tools/firewall/detect.ts";
import type { Read } from "./prompts.ts";

/**
 * Reads "pi-b=192.168.1.12, pi-c, 192.168.1.13", separated by commas or blanks. `self` comes first
 * unless it is named among them; "" is nobody, and gives an empty list. Names are looked up,
 * addresses get names, by `ask` (getent(1)).
 */
export async function readNodes(
  text: string,
  self: FirstNode,
  ask: RunProgram,
): Promise<Read<readonly FirstNode[]>> {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return { kind: "value", value: [] };
  const typed = await Promise.all(words.map((word) => readNode(word, self.address.family, ask)));
  const wrong = typed.find((node) => node.kind === "wrong");
  if (wrong?.kind === "wrong") return wrong;
  const nodes = typed.flatMap((node) => node.kind === "value" ? [node.value] : []);
  const hasSelf = nodes.some(({ address }) => sameIp(address, self.address));
  const all = hasSelf ? nodes : [self, ...nodes];
  const twice = all.find(({ address }, index) =>
    all.findIndex((other) => sameIp(other.address, address)) !== index
  );
  if (twice !== undefined) return wrongWords(`${formatIp(twice.address)} is named twice`);
  if (all.length < 2) return wrongWords("that is this machine itself: name the others");
  return { kind: "value", value: withOwnNames(all) };
}

async function readNode(word: string, family: Family, ask: RunProgram): Promise<Read<FirstNode>> {
  const [, name, place = ""] = /^(?:([^=]*)=)?(.*)$/.exec(word) ?? [];
  if (name !== undefined && !NAME_PATTERN.test(name)) {
    return wrongWords(`${JSON.stringify(name)} is no name: letters, digits and _ . -`);
  }
  const address = parseIp(place);
  if (address !== undefined) {
    const found = name ?? await nameFor(address, ask);
    return { kind: "value", value: { name: found, address } };
  }
  const looked = await addressFor(place, family, ask);
  if (looked === undefined) {
    return wrongWords(`${place} is no address, and no name that is known here: write name=address`);
  }
  return { kind: "value", value: { name: name ?? shortName(place), address: looked } };
}

function wrongWords(words: string): { readonly kind: "wrong"; readonly words: string } {
  return { kind: "wrong", words };
}

async function addressFor(name: string, family: Family, ask: RunProgram): Promise<Ip | undefined> {
  if (!NAME_PATTERN.test(name)) return undefined;
  const database = family === "ipv4" ? "ahostsv4" : "ahostsv6";
  const asked = await ask(["getent", database, name]);
  return parseIp(asked?.stdout.split(/\s+/)[0] ?? "");
}

/** The name that this machine knows for an address; else one made of its last part. */
async function nameFor(address: Ip, ask: RunProgram): Promise<string> {
  const asked = await ask(["getent", "hosts", formatIp(address)]);
  const known = shortName(asked?.code === 0 ? asked.stdout.trim().split(/\s+/)[1] ?? "" : "");
  return NAME_PATTERN.test(known) ? known : madeName(address);
}

/** "node-12" for 192.168.1.12. */
function madeName(address: Ip): string {
  return `node-${formatIp(address).split(/[.:]/).at(-1) || "0"}`;
}

/** The host name without its domain. */
export function shortName(host: string): string {
  return host.split(".")[0] ?? "";
}

/** Raspberry Pis that were never named share a name: the later ones get one of their address. */
function withOwnNames(nodes: readonly FirstNode[]): readonly FirstNode[] {
  return nodes.map((node, index) => {
    const taken = nodes.findIndex(({ name }) => name === node.name) !== index;
    return taken ? { ...node, name: madeName(node.address) } : node;
  });
}
