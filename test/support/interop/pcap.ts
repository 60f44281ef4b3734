/** Reads a capture file while it grows: the classic format (pcap-savefile(5)), in any pieces. */

/** One captured frame. */
export interface PcapRecord {
  /** Milliseconds since 1970, with their fraction. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NANOSECOND_MAGIC = 0xa1b23c4d;
const MICROSECOND_MAGIC = 0xa1b2c3d4;

/** Takes the pieces of one capture in order and gives the frames that are complete. */
export class PcapReader {
  #rest = new Uint8Array();
  #format: { readonly little: boolean; readonly perMillisecond: number } | undefined;

  /** The records that `chunk` completes. Throws on anything that is no pcap stream. */
  push(chunk: Uint8Array): readonly PcapRecord[] {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const view = new DataView(bytes.buffer);
    let start = 0;
    if (this.#format === undefined) {
      if (bytes.length < FILE_HEADER) {
        this.#rest = bytes;
        return [];
      }
      this.#format = formatOf(view);
      start = FILE_HEADER;
    }
    const { little, perMillisecond } = this.#format;
    const records: PcapRecord[] = [];
    while (start + RECORD_HEADER <= bytes.length) {
      const end = start + RECORD_HEADER + view.getUint32(start + 8, little);
      if (end > bytes.length) break;
      const seconds = view.getUint32(start, little);
      const fraction = view.getUint32(start + 4, little);
      records.push({
        at: seconds * 1000 + fraction / perMillisecond,
        bytes: bytes.slice(start + RECORD_HEADER, end),
      });
      start = end;
    }
    this.#rest = bytes.slice(start);
    return records;
  }
}

function formatOf(view: DataView): { readonly little: boolean; readonly perMillisecond: number } {
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === NANOSECOND_MAGIC) return { little, perMillisecond: 1e6 };
    if (magic === MICROSECOND_MAGIC) return { little, perMillisecond: 1e3 };
  }
  throw new Error("not a pcap stream");
}
