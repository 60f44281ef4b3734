/**
 * A connection over which a file and its secrets go from one node to another. Both ends prove that
 * they know the token: AES-256-GCM, with a key for each direction out of the token and a number
 * that each end drew for this connection (HKDF-SHA-256, RFC 5869). A recording opens nothing later.
 */
import { writeAll } from "../../files.ts";

/** TCP: the number of [cluster]'s UDP port, so that there is one to remember. */
export const JOIN_PORT = 337;

/** The largest message, in bytes: a file is at most 1 MiB, and JSON doubles its quotes. */
const LARGEST = 4 * 1024 * 1024;
const NONCE = 16;
const IV = 12;
/** What both ends must speak. */
const PURPOSE = "floatip join 1";

/** The other end does not know the token, or speaks something else. */
export class Untrusted extends Error {
  override readonly name: string = "Untrusted";
}

/** Which end of a connection this is. */
type End = "inviting" | "joining";

/** Sends and receives JSON that nobody else reads or changes. */
export interface JoinChannel {
  send(value: unknown): Promise<void>;
  /** Rejects with Untrusted where it was not sealed by the other end; with Error at its end. */
  receive(): Promise<unknown>;
}

/** Greets the other end. Rejects at the end of the connection. `token` as parseToken gives it. */
export async function openChannel(
  connection: Deno.Conn,
  token: string,
  end: End,
): Promise<JoinChannel> {
  const own = crypto.getRandomValues(new Uint8Array(NONCE));
  await writeAll(connection, own);
  const other = await readExactly(connection, NONCE);
  const salt = end === "inviting" ? joined(own, other) : joined(other, own);
  const keys = await keysOf(token, salt);
  const [sealing, opening] = end === "inviting"
    ? [keys.inviting, keys.joining]
    : [keys.joining, keys.inviting];
  return {
    async send(value) {
      const iv = crypto.getRandomValues(new Uint8Array(IV));
      const text = new TextEncoder().encode(JSON.stringify(value));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, sealing, text);
      const body = joined(iv, new Uint8Array(sealed));
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, body.length);
      await writeAll(connection, joined(length, body));
    },
    async receive() {
      const head = await readExactly(connection, 4);
      const length = new DataView(head.buffer).getUint32(0);
      if (length <= IV || length > LARGEST) throw new Untrusted("the message is no message");
      const body = await readExactly(connection, length);
      const iv = body.subarray(0, IV);
      try {
        const name = "AES-GCM";
        const text = await crypto.subtle.decrypt({ name, iv }, opening, body.subarray(IV));
        return JSON.parse(new TextDecoder().decode(text));
      } catch {
        throw new Untrusted("the token is another one");
      }
    },
  };
}

async function keysOf(token: string, salt: Uint8Array<ArrayBuffer>) {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", text.encode(token), "HKDF", false, [
    "deriveKey",
  ]);
  const derive = (end: End) =>
    crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info: text.encode(`${PURPOSE} ${end}`) },
      base,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  const [inviting, joining] = await Promise.all([derive("inviting"), derive("joining")]);
  return { inviting, joining };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Grows with what comes, not with what is announced. */
async function readExactly(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let all = new Uint8Array(0);
  const buffer = new Uint8Array(Math.min(length, 64 * 1024));
  while (all.length < length) {
    const count = await connection.read(buffer.subarray(0, length - all.length));
    if (count === null) throw new Error("the connection ended");
    all = joined(all, buffer.subarray(0, count));
  }
  return all;
}
