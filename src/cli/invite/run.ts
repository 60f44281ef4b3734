/** `floatip invite`: gives the file and the secret to the other nodes, which ask by `join`. */
import type { NodeEntry } from "../../config/tables/node.ts";
import { addressesOf, type Interfaces } from "../../net/interfaces.ts";
import { includesIp, type Ip, isLinkLocal } from "../../net/ip.ts";
import { milliseconds, type Nanoseconds } from "../../time.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { readConfiguration } from "../read_configuration.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { JOIN_PORT } from "../join/channel.ts";
import { credentialsOf, type Parcel } from "../join/parcel.ts";
import { look } from "../machine.ts";
import { asRoot } from "../copy_words.ts";
import type { Terminal } from "../terminal.ts";
import { awaitNodes } from "./waiting.ts";

/** Flags of `floatip invite`. */
export interface InviteFlags {
  readonly config?: string | undefined;
  readonly port?: number | undefined;
  readonly for?: Nanoseconds | undefined;
}

/** Long enough to install floatip on the other machine. */
const TIME = milliseconds(15 * 60_000);

/** `floatip invite`. */
export async function invite(terminal: Terminal, flags: InviteFlags): Promise<ExitCode> {
  const file = flags.config ?? DEFAULT_CONFIG_FILE;
  const loaded = await readConfiguration(file);
  if (loaded.kind === "problems") {
    throw new Failure(EXIT.invalid, `${file} is wrong`, `floatip check ${file} says where.`);
  }
  const { nodes } = loaded.config;
  const { interfaces, hostName } = await look();
  const all = interfaces.addresses.map(({ prefix }) => prefix.address);
  const isHere = ({ addresses }: NodeEntry) => addresses.some((one) => includesIp(all, one));
  const self = nodes.find(isHere);
  const own = self?.addresses.find((one) => includesIp(all, one)) ?? firstAddress(interfaces);
  if (own === undefined) {
    throw new Failure(EXIT.failed, "this machine has no address", "Give it one first.");
  }
  const parcel = await parcelOf(file, loaded.text, self?.name ?? hostName);
  const others = nodes.filter((node) => !isHere(node) && !node.onlyVrrp);
  const place = flags.config === undefined ? "" : ` -c ${flags.config}`;
  const { port = JOIN_PORT, for: time = TIME } = flags;
  const missing = await awaitNodes(terminal, { own, port, parcel, nodes: others, time, place });
  if (missing.length === 0) return EXIT.ok;
  const names = missing.map(({ name }) => name).join(" and ");
  terminal.error(
    `${names} did not come: that line is worth nothing now. A new one: ` +
      `${asRoot()}floatip invite${place}\n`,
  );
  return EXIT.failed;
}

/** The file as it goes to other nodes. Throws Failure where a secret of it is not here. */
async function parcelOf(
  file: string,
  text: string,
  from: string,
): Promise<Omit<Parcel, "node">> {
  const { mode } = await Deno.stat(file);
  const open = ((mode ?? 0) & 0o004) !== 0;
  return { kind: "parcel", from, text, open, credentials: credentialsOf(text) };
}

/** Of a file without [nodes]: the first address of a LAN. */
function firstAddress(interfaces: Interfaces): Ip | undefined {
  return interfaces.links.filter((link) => link.up && link.arp && !link.loopback)
    .flatMap((link) => addressesOf(interfaces, link))
    .find(({ prefix, ours }) => !ours && !isLinkLocal(prefix.address))?.prefix.address;
}
