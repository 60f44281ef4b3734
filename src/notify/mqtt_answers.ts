/**
 * Answers of a broker (MQTT 3.1.1), cut out of a stream. The library that reads them believes any
 * length: it gets only complete packets of the right length.
 */

/** Types of answers (2.2.1), and their remaining length. */
const ANSWERS: ReadonlyMap<number, number> = new Map([
  [2, 2], // CONNACK
  [4, 2], // PUBACK
  [13, 0], // PINGRESP
]);

/** Some brokers subscribe clients that did not ask: messages are skipped unless they are wanted. */
const PUBLISH = 3;

/** Of a subscription to one topic: an identifier and a return code (3.9). */
const [SUBACK, SUBACK_LENGTH] = [9, 3];

/** Most bytes of a length (2.2.3). */
const LONGEST_LENGTH = 4;

/** Reads the bytes of one connection; keeps at most a header of five bytes, or one answer. */
export class AnswerReader {
  #rest: readonly number[] = [];
  /** Bytes of a message that is skipped, still to come. */
  #skip = 0;
  readonly #largestMessage: number;

  /**
   * `largestMessage`: messages of so many bytes are answers too, longer ones are skipped; 0: all
   * are, and there is no subscription to be acknowledged.
   */
  constructor(largestMessage = 0) {
    this.#largestMessage = largestMessage;
  }

  /** The answers complete with `chunk`; undefined: this is no MQTT. Linear in `chunk`. */
  read(chunk: Uint8Array): readonly Uint8Array[] | undefined {
    const answers: Uint8Array[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#rest = [...this.#rest, chunk[at++] ?? 0];
      const length = lengthIn(this.#rest);
      if (length === "wrong") return undefined;
      if (length === "unknown") continue;
      const [first = 0] = this.#rest;
      const type = first >> 4;
      if (type === PUBLISH && length > this.#largestMessage) this.#skip = length;
      else if (type !== PUBLISH && this.#lengthOf(type) !== length) return undefined;
      else if (this.#rest.length < 2 + length) continue;
      else answers.push(Uint8Array.from(this.#rest));
      this.#rest = [];
    }
    return answers;
  }

  #lengthOf(type: number): number | undefined {
    return type === SUBACK && this.#largestMessage > 0 ? SUBACK_LENGTH : ANSWERS.get(type);
  }
}

/** The remaining length of a packet: at most four groups of seven bits. */
function lengthIn(bytes: readonly number[]): number | "unknown" | "wrong" {
  let length = 0;
  for (const [place, byte] of bytes.slice(1, 1 + LONGEST_LENGTH).entries()) {
    length += (byte & 0x7f) * 2 ** (7 * place);
    if ((byte & 0x80) === 0) return length;
  }
  return bytes.length > LONGEST_LENGTH ? "wrong" : "unknown";
}
