/** Reads the history, and what comes next, beside the daemon or without one. */
import { PinnedFile } from "../linux/regular_file.ts";
import { readNewest } from "./append_file.ts";
import { type DecodedHistory, decodeHistory, overlap } from "./line.ts";

/**
 * In bytes; more than any history of floatip has. Whatever else stands in its place fills no
 * memory.
 */
const MOST_READ = 4 * 1024 * 1024;

/**
 * Reads a history again and again, and tells each entry once, also when its older half is dropped
 * meanwhile.
 */
export class HistoryReader {
  readonly #path: string;
  #seen = "";

  /** `path`: of the history file, which need not be there. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What has been added since the last call; at first, all. Undefined: there is no file. A last
   * line without an end is still being written, and comes with a later call. Throws what Deno
   * throws, or NotAFile, where it cannot be read.
   */
  async next(): Promise<DecodedHistory | undefined> {
    const text = await readText(this.#path);
    if (text === undefined) return undefined;
    const news = text.slice(overlap(this.#seen, text));
    this.#seen = text;
    return decodeHistory(news);
  }
}

/**
 * The newest whole lines of the history at `path`, at most `most` bytes, as they stand there; empty
 * where there is none. Rejects as {@link HistoryReader.next} does.
 */
export async function readTail(path: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    using pinned = await PinnedFile.pin(path);
    using file = await pinned.open({ read: true });
    return await readNewest(file, most);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    using pinned = await PinnedFile.pin(path);
    using file = await pinned.open({ read: true });
    // A byte order mark is kept: text that is left out would make the rest look new.
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await readNewest(file, MOST_READ));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
