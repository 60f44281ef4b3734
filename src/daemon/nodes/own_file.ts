/**
 * The fingerprint of the file in force, and of its parts and keys for nodes that ask. A file of a
 * thousand instances is looked at in slices, so that adverts leave in between.
 */
import type { Config } from "../../config/config.ts";
import {
  type FilePart,
  keyHashes,
  NO_PARTS,
  partHash,
  partsOf,
  withPart,
} from "../../config/fingerprint.ts";
import { between, type Instant, milliseconds } from "../../time.ts";

/** So long one turn looks at parts. */
const LONGEST = milliseconds(1);

/** The file of this node. */
export class OwnFile {
  #config: Config | undefined;
  #since: Instant | undefined;
  #parts: readonly FilePart[] = [];
  /** So many of them were looked at. */
  #done = 0;
  #sum = NO_PARTS;
  #byHeader: ReadonlyMap<string, FilePart> = new Map();
  #hashes = new Map<string, string>();
  #hash: string | undefined;

  /** `config` is in force at `now`. True: it was another one before. */
  settle(config: Config, now: Instant): boolean {
    if (this.#config === config) return false;
    this.#config = config;
    this.#since = now;
    this.#hash = undefined;
    this.#hashes = new Map();
    this.#parts = partsOf(config);
    this.#byHeader = new Map(this.#parts.map((part) => [part.header, part]));
    this.#done = 0;
    this.#sum = NO_PARTS;
    return true;
  }

  /** Is there more to look at? */
  get isBusy(): boolean {
    return this.#done < this.#parts.length;
  }

  /** Looks at the next parts; `now` is the clock. True: the fingerprint is known now. */
  work(now: () => Instant): boolean {
    if (!this.isBusy) return false;
    const start = now();
    do {
      const part = this.#parts[this.#done++];
      if (part === undefined) break;
      const hash = partHash(part);
      this.#hashes.set(part.header, hash);
      this.#sum = withPart(this.#sum, part.header, hash);
    } while (this.isBusy && between(start, now()) < LONGEST);
    if (this.isBusy) return false;
    this.#hash = this.#sum;
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
    const part = this.#byHeader.get(header);
    return part && keyHashes(part);
  }
}
