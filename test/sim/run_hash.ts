/** A short text that is equal for equal courses of events. */
import type { Instant } from "../../src/time.ts";
import type { Seen } from "./record.ts";

/** FNV-1a over everything that was seen, twice over with different starts: 64 bits. */
export class RunHash {
  #a = 0x811c9dc5;
  #b = 0x01234567;

  /** To be told of everything that is seen. */
  readonly add = (seen: Seen, at: Instant): void => {
    this.#text(`${at} ${seen.kind} ${"node" in seen ? seen.node : ""} ${detail(seen)}`);
    if (seen.kind === "sent") { for (const byte of seen.message) this.#take(byte); }
  };

  /** 16 hexadecimal digits. */
  text(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#take(text.charCodeAt(i));
  }

  #take(code: number): void {
    this.#a = Math.imul(this.#a ^ code, 0x01000193);
    this.#b = Math.imul(this.#b ^ code, 0x01000193);
  }
}

function detail(seen: Seen): string {
  switch (seen.kind) {
    case "sent":
      return seen.destination;
    case "read":
      return seen.source;
    case "announced":
      return `${seen.address} ${seen.mac}`;
    case "asked":
      return seen.address;
    case "address":
      return `${seen.prefix} ${seen.there}`;
    case "link":
    case "act":
      return seen.words;
    case "refused":
      return seen.object;
    case "program":
      return seen.what;
    case "order":
      return `${seen.number} ${seen.outcome}`;
    case "journal":
      return seen.line;
  }
}
