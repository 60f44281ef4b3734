/**
 * The keys of [cluster], one a line: 32 random bytes in base64url or hex. Behind one that all nodes
 * are to learn before it signs stands the word "next". Blank lines and lines that begin with # say
 * nothing.
 */

/** A key that nodes prove themselves with. */
export interface ClusterKey {
  /** {@link keyIdOf} its bytes: names it in datagrams and on screen. */
  readonly id: number;
  /** base64url of {@link KEY_SIZE} bytes, without padding; never shown. */
  readonly secret: string;
}

/** One line of the text. */
export interface KeyLine extends ClusterKey {
  /** It verifies, and does not sign yet. */
  readonly isNext: boolean;
}

/** Bytes of a key. */
export const KEY_SIZE = 32;
/** Keys in one text: old, current and next, and one to spare. */
export const MOST_KEYS = 4;
/** Of 32 random bytes, 30 differ on average; fewer than this many were not drawn. */
const FEWEST_VALUES = 12;

/** The lines of a text, or what is wrong with it in words that follow its name. Never the key. */
export type KeyText =
  | { readonly kind: "keys"; readonly lines: readonly KeyLine[] }
  | { readonly kind: "wrong"; readonly what: string };

/** Reads `text`, which may be anything. */
export function readKeyText(text: string): KeyText {
  const keys: KeyLine[] = [];
  for (const line of text.split("\n")) {
    const read = readKeyLine(line);
    if (read.kind === "wrong") return read;
    if (read.kind === "key") keys.push(read.key);
    if (keys.length > MOST_KEYS) return wrong(`has more than ${MOST_KEYS} keys`);
  }
  return checked(keys);
}

/** What one line is. */
type ReadLine =
  | { readonly kind: "key"; readonly key: KeyLine }
  | { readonly kind: "nothing" }
  | { readonly kind: "wrong"; readonly what: string };

/** Reads one line of such a text. */
export function readKeyLine(line: string): ReadLine {
  const [word = "", mark, ...more] = line.trim().split(/\s+/);
  if (word === "" || word.startsWith("#")) return { kind: "nothing" };
  if (more.length > 0 || (mark !== undefined && mark !== "next")) {
    return wrong("has a line with more than a key and the word next");
  }
  const bytes = keyBytes(word);
  if (bytes === undefined) return wrong("is not 32 random bytes in base64url or hex");
  if (new Set(bytes).size < FEWEST_VALUES) return wrong("was not drawn: its bytes repeat");
  return { kind: "key", key: { ...keyOf(bytes), isNext: mark === "next" } };
}

function checked(lines: readonly KeyLine[]): KeyText {
  if (lines.length === 0) return wrong("has no key");
  if (lines.every(({ isNext }) => isNext)) return wrong("has no key that signs: all are next");
  const ids = new Set(lines.map(({ id }) => id));
  return ids.size < lines.length ? wrong("has one key twice") : { kind: "keys", lines };
}

function wrong(what: string) {
  return { kind: "wrong", what } as const;
}

/** Those that verify, the one that signs first. */
export function keysInOrder(lines: readonly KeyLine[]): readonly ClusterKey[] {
  const plain = ({ id, secret }: KeyLine): ClusterKey => ({ id, secret });
  return [
    ...lines.filter(({ isNext }) => !isNext).map(plain),
    ...lines.filter(({ isNext }) => isNext).map(plain),
  ];
}

/** The key of `bytes`. */
export function keyOf(bytes: Uint8Array): ClusterKey {
  const secret = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return { id: keyIdOf(bytes), secret };
}

/** The bytes of a key as people may write it; undefined: it is none. */
function keyBytes(written: string): Uint8Array | undefined {
  if (/^[\da-f]{64}$/i.test(written)) return Uint8Array.fromHex(written);
  // The last letter stands for four bits of the key and two that are zero.
  if (!/^[\w+/-]{42}[AEIMQUYcgkosw048]=?$/.test(written)) return undefined;
  const plain = written.replace("=", "").replaceAll("+", "-").replaceAll("/", "_");
  return Uint8Array.fromBase64(plain, { alphabet: "base64url" });
}

/**
 * A number of 32 bits that tells keys apart (FNV-1a). It is public: of 256 random bits it leaves an
 * attacker 224.
 */
function keyIdOf(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}

/** An id as people read it: 8 hexadecimal digits. */
export function keyIdText(id: number): string {
  return id.toString(16).padStart(8, "0");
}

/** A key in the place of one that cannot be seen; it is never used. */
export const UNSEEN_KEY = keyOf(Uint8Array.from({ length: KEY_SIZE }, (_, at) => at)).secret;
