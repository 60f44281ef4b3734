/** Records condensed to lines that a person can follow. */
import type { Instant } from "../../../src/time.ts";
import { advertIn, type AdvertSeen } from "../../sim/advert.ts";
import type { Seen } from "../../sim/record.ts";

type Sent = Extract<Seen, { kind: "sent" }>;
type Asked = Extract<Seen, { kind: "asked" }>;
type Announced = Extract<Seen, { kind: "announced" }>;

/** Two questions for an address that are no further apart are a backup's before it claims. */
const HURRY = 0.2e9;

interface Line {
  readonly words: string;
  /** Nothing that a person has to see. */
  isRoutine: boolean;
}

/**
 * Listens, and tells what it heard since it was last asked. Regular adverts are told once, until
 * something changes.
 */
export class Chatter {
  readonly #start: Instant;
  readonly #adverts = new Map<string, { readonly words: string; readonly at: Instant }>();
  readonly #questions = new Map<string, { readonly line: Line; readonly at: Instant }>();
  #lines: Line[] = [];
  #open: { readonly key: string; readonly at: Instant; readonly parts: string[] } | undefined;

  /** Times are told in seconds since `start`. */
  constructor(start: Instant) {
    this.#start = start;
  }

  /** To be told of everything that is seen. */
  readonly hear = (seen: Seen, at: Instant): void => {
    switch (seen.kind) {
      case "sent":
        return this.#hearAdvert(seen, at);
      case "announced":
        return this.#collect(seen.node, announcedWords(seen), "", at);
      case "asked":
        return this.#hearQuestion(seen, at);
      case "address":
        return this.#say(
          seen.node,
          `${seen.there ? "+" : "-"} ${seen.prefix} on ${seen.interface}${
            seen.why && `: ${seen.why}`
          }`,
          at,
        );
      case "journal":
        if (seen.level === "debug") return;
        return this.#say(
          seen.node,
          `${seen.level === "info" ? "" : `${seen.level}: `}${seen.line}`,
          at,
        );
      case "order":
        if (seen.outcome === undefined) return;
        return this.#say(seen.node, `answer to ${seen.what}: ${seen.outcome}`, at);
      case "link":
        return this.#say(seen.node, seen.words, at);
      case "program":
        return this.#say(seen.node, `floatip ${seen.what}${seen.words && `: ${seen.words}`}`, at);
      case "refused":
        return this.#say(seen.node, `the kernel refuses ${seen.call} ${seen.object}`, at);
      case "act":
        return this.#say("*", seen.words, at);
      case "read":
        return;
    }
  };

  /** The lines since the last call. */
  take(): readonly string[] {
    this.#close();
    const lines = this.#lines.filter(({ isRoutine }) => !isRoutine).map(({ words }) => words);
    this.#lines = [];
    return lines;
  }

  #hearAdvert(seen: Sent, at: Instant): void {
    const advert = advertIn(seen.message);
    const words = `${advertWords(advert)} on ${seen.interface}`;
    const key = `${seen.node} ${seen.interface} ${advert.vrid} ${seen.destination}`;
    const before = this.#adverts.get(key);
    this.#adverts.set(key, { words, at });
    if (before?.words === words && isRegular(at - before.at, advert)) return;
    this.#collect(seen.node, words, seen.destination, at);
  }

  /**
   * Every node asks for its addresses now and then, for ever; told is who asks twice in a hurry,
   * before it claims.
   */
  #hearQuestion({ node, address, interface: name }: Asked, at: Instant): void {
    this.#close();
    const words = `asks who has ${address} on ${name}`;
    const key = `${node} ${words}`;
    const before = this.#questions.get(key);
    const isHurried = before !== undefined && at - before.at < HURRY;
    if (isHurried) before.line.isRoutine = false;
    const line = this.#write(node, `${words}, once`, at);
    line.isRoutine = !isHurried;
    this.#questions.set(key, { line, at });
  }

  /** Says `words` once, however many packets of the same instant they are true of. */
  #collect(node: string, words: string, part: string, at: Instant): void {
    const key = `${node} ${words}`;
    if (this.#open?.key !== key || this.#open.at !== at) {
      this.#close();
      this.#open = { key, at, parts: [] };
    }
    this.#open.parts.push(part);
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const [first] = open.parts;
    const times = open.parts.length === 1 ? "once" : `${open.parts.length} times`;
    const more = first === "" ? `, ${times}` : ` to ${open.parts.join(" and ")}`;
    const [node = "", ...words] = open.key.split(" ");
    this.#write(node, `${words.join(" ")}${more}`, open.at);
  }

  #say(node: string, words: string, at: Instant): void {
    this.#close();
    this.#write(node, words, at);
  }

  #write(node: string, words: string, at: Instant): Line {
    const time = ((at - this.#start) / 1e9).toFixed(3).padStart(8);
    const line = { words: `${time}  ${node}: ${words}`, isRoutine: false };
    this.#lines.push(line);
    return line;
  }
}

function isRegular(gapNs: number, advert: AdvertSeen): boolean {
  const gapMs = gapNs / 1e6;
  return gapMs > 0.9 * advert.intervalMs && gapMs < 1.5 * advert.intervalMs;
}

function advertWords({ vrid, priority, version, intervalMs, count }: AdvertSeen): string {
  const addresses = count === 1 ? "1 address" : `${count} addresses`;
  return `advert v${version} VRID ${vrid} priority ${priority}, ${addresses}, ${intervalMs} ms`;
}

function announcedWords({ address, interface: name }: Announced): string {
  return `announces ${address} on ${name}`;
}
