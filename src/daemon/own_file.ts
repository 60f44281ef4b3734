/**
 * The fingerprint of the file in force, and of its parts and keys for nodes that ask. A file of a
 * thousand instances is looked at in slices, so that adverts leave in between.
 */
import type { Config } from "../config/config.ts";
import { fileHash, type FilePart, keyHashes, partHash, partsOf } from "../config/fingerprint.ts";
import type { Instant } from "../time.ts";

/** Parts that are looked at in one turn. */
const AT_ONCE = 16;

/** The file of this node. */
export class OwnFile {
  #config: Config | undefined;
  #since: Instant | undefined;
  #rest: readonly FilePart[] = [];
  readonly #parts = new Map<string, FilePart>();
  #hashes = new Map<string, string>();
  #hash: string | undefined;

  /** `config` is in force at `now`. True: it was another one before. */
  settle(config: Config, now: Instant): boolean {
    if (this.#config === config) return false;
    this.#config = config;
    this.#since = now;
    this.#hash = undefined;
    this.#hashes = new Map();
    this.#rest = partsOf(config);
    this.#parts.clear();
    for (const part of this.#rest) this.#parts.set(part.header, part);
    return true;
  }

  /** Is there more to look at? */
  get isBusy(): boolean {
    return this.#rest.length > 0;
  }

  /** Looks at the next parts. True: the fingerprint is known now. */
  work(): boolean {
    if (!this.isBusy) return false;
    for (const part of this.#rest.slice(0, AT_ONCE)) this.#hashes.set(part.header, partHash(part));
    this.#rest = this.#rest.slice(AT_ONCE);
    if (this.isBusy) return false;
    this.#hash = fileHash(this.#hashes);
    return true;
  }

  /** Since when it is in force. */
  get since(): Instant | undefined {
    return this.#since;
  }

  /** The fingerprint of all of it; undefined while that is not known. */
  get hash(): string | undefined {
    return this.#hash;
  }

  /** The fingerprints of its parts, by their headers. */
  get parts(): ReadonlyMap<string, string> {
    return this.#hashes;
  }

  /** The fingerprints of the keys of the part `header`, by name; undefined: there is none. */
  keysOf(header: string): ReadonlyMap<string, string> | undefined {
    const part = this.#parts.get(header);
    return part && keyHashes(part);
  }
}
