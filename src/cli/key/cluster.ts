/** The nodes of the file, and what the daemon knows of their keys. */
import type { NodeEntry } from "../../config/tables/node.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { includesIp, type Ip } from "../../net/ip.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { readConfiguration } from "../read_configuration.ts";
import { copySecretWords } from "../copy_words.ts";
import { look } from "../machine.ts";
import type { NodeKeys } from "./nodes.ts";

/** How long the daemon may take to answer, in milliseconds. */
const PATIENCE_MS = 2000;

/** Nodes that have a key: not those that speak VRRP alone. None where no file says so. */
export async function keyNodes(file = DEFAULT_CONFIG_FILE): Promise<readonly NodeEntry[]> {
  const loaded = await readConfiguration(file).catch(() => undefined);
  if (loaded?.kind !== "config" || loaded.config.cluster === undefined) return [];
  return loaded.config.nodes.filter(({ onlyVrrp }) => !onlyVrrp);
}

/** Which keys each of `nodes` has, as far as the daemon knows. */
export async function keysKnown(
  nodes: readonly NodeEntry[],
  runDir = DEFAULT_RUN_DIR,
): Promise<readonly NodeKeys[]> {
  using client = new ControlClient(runDir, PATIENCE_MS);
  const status = await client.status().catch(() => undefined);
  return nodes.map(({ name }) => ({
    name,
    keys: status?.nodes.find((node) => node.name === name)?.keys,
  }));
}

/** How the other nodes of the file get `keyFile`; `then` as in {@link copySecretWords}. */
export async function copyLines(
  keyFile: string,
  nodes: readonly NodeEntry[],
  then?: string,
): Promise<readonly string[]> {
  const own = (await look()).interfaces.addresses.map(({ prefix }) => prefix.address);
  const others = nodes.map(({ addresses }) => addresses)
    .filter((addresses) => !addresses.some((one) => includesIp(own, one)))
    .flatMap((addresses): readonly Ip[] => addresses.slice(0, 1));
  return others.flatMap((address) => copySecretWords(keyFile, address, then));
}
