/**
 * World of a field run: besides what any world has, each node's own file, and a machine that is
 * none of the nodes.
 */
import { decode } from "../../../src/config/decode.ts";
import type { Cluster } from "../cluster.ts";
import { type Setup, tomlOf } from "../setup.ts";
import { World } from "../world.ts";

/** The name of the machine that floatip does not run on, and that does what it likes. */
export const STRANGER = "stranger";

/** What a node's file says. */
export interface File {
  /** The node that it takes its machine to be: the key `node.name`. */
  readonly name: string;
  /** The cluster as it describes it. */
  readonly setup: Setup;
}

/** A run with files that may differ. */
export class FieldWorld extends World {
  readonly #files: Map<string, File>;
  #looked = { at: -1, statuses: new Map<string, ReturnType<Cluster["status"]>>() };
  /** What is wrong now, in words. */
  present: readonly string[] = [];

  constructor(cluster: Cluster, setup: Setup) {
    super(cluster, setup);
    this.#files = new Map(setup.nodes.map(({ name }) => [name, { name, setup }] as const));
  }

  /** The file of `name`. */
  fileOf(name: string): File {
    const file = this.#files.get(name);
    if (file === undefined) throw new RangeError(`there is no node ${name}`);
    return file;
  }

  /**
   * The status of `name` at this moment, made once for all that look: to be called from ticks,
   * between which and the next nothing happens at the same moment.
   */
  statusAtTick(name: string): ReturnType<Cluster["status"]> {
    const { now } = this.cluster.lan;
    if (this.#looked.at !== now) this.#looked = { at: now, statuses: new Map() };
    const { statuses } = this.#looked;
    if (!statuses.has(name)) statuses.set(name, this.cluster.status(name));
    return statuses.get(name);
  }

  /** Gives `name` another file; false: it is not sound, and the one before stays in force. */
  rewrite(name: string, file: File): boolean {
    const config = configOf(file);
    if (config === undefined) return false;
    this.#files.set(name, file);
    this.cluster.reload(name, config);
    return true;
  }
}

function configOf({ name, setup }: File) {
  const node = setup.nodes.find((one) => one.name === name);
  const decoded = node && decode(tomlOf(setup, node));
  return decoded?.kind === "config" ? decoded.config : undefined;
}
