/**
 * Which lines of a full file are kept: the newest, and of those that last more than their share.
 */
import { sleep } from "../async.ts";

/** A line from its first byte to behind its newline. */
interface Line {
  readonly start: number;
  readonly end: number;
  readonly lasting: boolean;
}

/** The part of the room that belongs to lines that last. */
const SHARE = 3 / 4;

/** After so many lines others have their turn. */
const TURN = 500;

const NEWLINE = 10;

/**
 * Of `bytes`, whole lines with their newlines, at most `room` bytes of the newest, in their order.
 * Lines that are `lasting` are displaced by others in a quarter of the room only.
 */
export async function keepNewest(
  bytes: Uint8Array<ArrayBuffer>,
  room: number,
  isLasting: (line: Uint8Array) => boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const lines = await linesFromTheEnd(bytes, isLasting);
  const chosen = new Set<Line>();
  let size = 0;
  const choose = (some: readonly Line[], most: number): void => {
    for (const line of some) {
      if (chosen.has(line)) continue;
      const length = line.end - line.start;
      if (size + length > most) return;
      chosen.add(line);
      size += length;
    }
  };
  choose(lines.filter(({ lasting }) => lasting), room * SHARE);
  choose(lines, room);
  const kept = new Uint8Array(size);
  let end = size;
  for (const line of lines) {
    if (!chosen.has(line)) continue;
    end -= line.end - line.start;
    kept.set(bytes.subarray(line.start, line.end), end);
  }
  return kept;
}

async function linesFromTheEnd(
  bytes: Uint8Array,
  isLasting: (line: Uint8Array) => boolean,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (let end = bytes.length; end > 0;) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1;
    lines.push({ start, end, lasting: isLasting(bytes.subarray(start, end)) });
    end = start;
    if (lines.length % TURN === 0) await sleep(0);
  }
  return lines;
}
