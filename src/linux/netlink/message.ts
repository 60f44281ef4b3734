/**
 * Netlink messages and attributes as bytes and back (netlink(7)); attributes are declared in
 * tables. Pure.
 */
import { type Ip, ipFromBytes } from "../../net/ip.ts";
import type { Layout, Members, ValuesOf } from "../../wire/layout.ts";
import { NLATTR, NLMSGERR, NLMSGHDR } from "../abi.ts";
import {
  NLA_F_NESTED,
  NLA_TYPE_MASK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSGERR_ATTR_MSG,
} from "../constants.ts";
import { type Bytes, cString, textOf } from "../libc.ts";

/** What is sent to the kernel or comes from it (netlink(7)). */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** Of the socket that it is for or from; 0 is the kernel. */
  readonly pid: number;
  /** What follows the header, a fixed structure and then attributes. */
  readonly body: Uint8Array;
}

/** The message's bytes, padded to a multiple of 4. */
export function encodeMessage({ body, ...header }: NetlinkMessage): Bytes {
  const len = NLMSGHDR.size + body.length;
  const bytes = new Uint8Array(align4(len));
  NLMSGHDR.write({ len, ...header }, bytes);
  bytes.set(body, NLMSGHDR.size);
  return bytes;
}

/** All messages of one datagram, up to the first that is broken. Bodies are copies. */
export function decodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; NLMSGHDR.fits(bytes, offset);) {
    const { len, ...header } = NLMSGHDR.read(bytes, offset);
    if (len < NLMSGHDR.size || offset + len > bytes.length) break;
    messages.push({ ...header, body: bytes.slice(offset + NLMSGHDR.size, offset + len) });
    offset += align4(len);
  }
  return messages;
}

/** `parts` laid end to end: a fixed structure and its attributes. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * How the payload of an attribute is read and written. `decode` gives undefined where it makes no
 * sense.
 */
export interface Payload<T> {
  decode(bytes: Uint8Array): T | undefined;
  encode(value: T): Uint8Array;
  readonly nested?: true;
}

/** One kind of attribute: its number and its payload. */
export interface Attribute<T> extends Payload<T> {
  readonly type: number;
}

/** The attribute with the number `type`. */
export function attribute<T>(type: number, payload: Payload<T>): Attribute<T> {
  return { type, ...payload };
}

/** The attributes that may follow a structure, by name. */
export type Attributes = Readonly<Record<string, Attribute<unknown>>>;

/** Values of attributes; those that are not there are undefined. */
export type AttributeValues<A extends Attributes> = {
  readonly [K in keyof A]?: (A[K] extends Attribute<infer T> ? T : never) | undefined;
};

/** Reads and writes a set of attributes. */
export interface AttributeTable<A extends Attributes> extends Payload<AttributeValues<A>> {
  decode(bytes: Uint8Array): AttributeValues<A>;
}

/**
 * Declares attributes that occur together. Those with numbers that are not declared are passed
 * over.
 */
export function attributeTable<A extends Attributes>(attributes: A): AttributeTable<A> {
  const names = new Map(Object.entries(attributes).map(([name, { type }]) => [type, name]));
  return {
    nested: true,
    decode(bytes) {
      const values: Record<string, unknown> = {};
      for (const { type, payload } of decodeAttributes(bytes)) {
        const name = names.get(type);
        if (name !== undefined) values[name] = attributes[name]?.decode(payload);
      }
      return values as AttributeValues<A>;
    },
    encode(values) {
      const given = Object.entries(attributes).filter(([name]) => values[name] !== undefined);
      return concat(
        ...given.map(([name, { type, nested, encode }]) =>
          encodeAttribute(nested === true ? type | NLA_F_NESTED : type, encode(values[name]))
        ),
      );
    },
  };
}

/** An unsigned byte. */
export const u8: Payload<number> = {
  decode: (bytes) => bytes[0],
  encode: (value) => Uint8Array.of(value),
};

/** Unsigned, 32 bits, the host's order. */
export const u32: Payload<number> = {
  decode: (bytes) => bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0, true),
  encode(value) {
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, value, true);
    return bytes;
  },
};

/** Unsigned, 32 bits, the network's order. */
export const u32be: Payload<number> = {
  decode: (bytes) => bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0),
  encode(value) {
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, value);
    return bytes;
  },
};

/** Unsigned, 64 bits, the network's order; exact up to 2^53. */
export const u64be: Payload<number> = {
  decode: (bytes) => bytes.length < 8 ? undefined : Number(viewOf(bytes).getBigUint64(0)),
  encode(value) {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setBigUint64(0, BigInt(value));
    return bytes;
  },
};

/** Attributes of one `type`, any number of them, one after the other. */
export function listOf<T>(
  type: number,
  { nested, decode, encode }: Payload<T>,
): Payload<readonly T[]> {
  const number = nested === true ? type | NLA_F_NESTED : type;
  return {
    nested: true,
    decode: (bytes) => [...decodeAttributes(bytes)].flatMap(({ payload }) => decode(payload) ?? []),
    encode: (values) => concat(...values.map((value) => encodeAttribute(number, encode(value)))),
  };
}

/** Signed numbers of 32 bits, one after the other. */
export const s32Array: Payload<readonly number[]> = {
  decode(bytes) {
    const view = viewOf(bytes);
    return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(4 * i, true));
  },
  encode: (values) => new Uint8Array(Int32Array.from(values).buffer),
};

/** Text that ends with a zero byte. */
export const text: Payload<string> = { decode: textOf, encode: cString };

/** Bytes as they are. */
export const raw: Payload<Uint8Array> = { decode: (bytes) => bytes, encode: (bytes) => bytes };

/** An address of 4 or 16 bytes. */
export const address: Payload<Ip> = {
  decode: (bytes) => bytes.length === 4 || bytes.length === 16 ? ipFromBytes(bytes) : undefined,
  encode: (value) => value.bytes,
};

/** A structure of fixed size; longer ones of newer kernels are read as far as they are known. */
export function struct<M extends Members>(layout: Layout<M>): Payload<ValuesOf<M>> {
  return {
    decode: (bytes) => layout.fits(bytes) ? layout.read(bytes) : undefined,
    encode: (values) => layout.write(values),
  };
}

/**
 * What an NLMSG_ERROR says: 0 is an acknowledgement, else a negative errno and perhaps the kernel's
 * own words.
 */
export interface NetlinkVerdict {
  readonly error: number;
  readonly words: string | undefined;
}

/**
 * Reads the body of an NLMSG_ERROR (netlink(7): NETLINK_EXT_ACK); undefined where it is too short.
 */
export function decodeVerdict({ flags, body }: NetlinkMessage): NetlinkVerdict | undefined {
  if (!NLMSGERR.fits(body)) return undefined;
  const { error } = NLMSGERR.read(body);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { error, words: undefined };
  const request = body.subarray(NLMSGERR.size);
  if (!NLMSGHDR.fits(request)) return { error, words: undefined };
  // CAPPED: of the request only its header was sent back.
  const { len } = NLMSGHDR.read(request);
  const copied = (flags & NLM_F_CAPPED) === 0 ? align4(len) : NLMSGHDR.size;
  return { error, words: VERDICT_ATTRIBUTES.decode(request.subarray(copied)).words };
}

const VERDICT_ATTRIBUTES = attributeTable({ words: attribute(NLMSGERR_ATTR_MSG, text) });

function encodeAttribute(type: number, payload: Uint8Array): Uint8Array {
  const len = NLATTR.size + payload.length;
  const bytes = new Uint8Array(align4(len));
  NLATTR.write({ len, type }, bytes);
  bytes.set(payload, NLATTR.size);
  return bytes;
}

function* decodeAttributes(
  bytes: Uint8Array,
): Generator<{ readonly type: number; readonly payload: Uint8Array }> {
  for (let offset = 0; NLATTR.fits(bytes, offset);) {
    const { len, type } = NLATTR.read(bytes, offset);
    if (len < NLATTR.size || offset + len > bytes.length) return;
    const payload = bytes.subarray(offset + NLATTR.size, offset + len);
    yield { type: type & NLA_TYPE_MASK, payload };
    offset += align4(len);
  }
}

function align4(size: number): number {
  return (size + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
