/**
 * Layouts of binary structures: fields declared once, with written-out offsets, checked at import.
 */
import { assert } from "../assert.ts";

/**
 * One field at a fixed offset. Byte order is in the constructor's name; nothing else swaps bytes.
 */
export interface Field<T> {
  /** As declared: "be16", "bytes". */
  readonly kind: string;
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

/** Bytes that carry nothing: written as zero, never read. */
export interface Padding {
  readonly kind: "pad";
  readonly offset: number;
  readonly size: number;
}

/** The members of a structure by name. */
export type Members = Readonly<Record<string, Field<unknown> | Padding>>;

/** What {@link Layout.read} gives: one value for each member that is not padding. */
export type ValuesOf<M extends Members> = {
  readonly [K in keyof M as M[K] extends Field<unknown> ? K : never]: M[K] extends Field<infer T>
    ? T
    : never;
};

/** A structure of fixed size. */
export interface Layout<M extends Members> {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly members: M;
  /** Are there enough bytes for it at `offset`? */
  fits(bytes: Uint8Array, offset?: number): boolean;
  /**
   * All values of the structure at `offset`; byte fields are copies. Throws AssertionFailure unless
   * it fits.
   */
  read(bytes: Uint8Array, offset?: number): ValuesOf<M>;
  /**
   * Puts all values at `offset` of `into` (default: new bytes of just this size) and returns
   * `into`. Throws AssertionFailure unless it fits and every value is in its field's range.
   */
  write(values: ValuesOf<M>, into?: Uint8Array, offset?: number): Uint8Array;
}

/**
 * Declares a structure. Throws AssertionFailure where members leave a hole, overlap, or do not fill
 * `size` bytes; say pad() for bytes that carry nothing.
 */
export function layout<M extends Members>(name: string, size: number, members: M): Layout<M> {
  assertWhole(name, size, members);
  // Objects, not pairs: taking a pair apart costs as much as writing a field.
  const fields = Object.entries(members).flatMap(([key, member]) =>
    member.kind === "pad" ? [] : [{ key, field: member as Field<unknown> }]
  );
  const paddings = Object.values(members).filter((member) => member.kind === "pad");
  const fits = (bytes: Uint8Array, offset = 0) => offset >= 0 && offset + size <= bytes.length;

  function read(bytes: Uint8Array, offset = 0): ValuesOf<M> {
    assert(
      fits(bytes, offset),
      () => `${name} needs ${size} bytes at ${offset} of ${bytes.length}`,
    );
    const view = viewOf(bytes);
    const values: Record<string, unknown> = {};
    for (const { key, field } of fields) values[key] = field.get(view, offset + field.offset);
    return values as ValuesOf<M>;
  }

  function write(values: ValuesOf<M>, into = new Uint8Array(size), offset = 0): Uint8Array {
    assert(fits(into, offset), () => `${name} needs ${size} bytes at ${offset} of ${into.length}`);
    const view = viewOf(into);
    const given: Readonly<Record<string, unknown>> = values;
    for (const { key, field } of fields) field.set(view, offset + field.offset, given[key]);
    for (const { offset: at, size: count } of paddings) {
      into.fill(0, offset + at, offset + at + count);
    }
    return into;
  }

  return { name, size, members, fits, read, write };
}

/** An unsigned byte. */
export function u8(offset: number): Field<number> {
  return integer("u8", offset, 1, 0, 0xff, {
    get: (view, at) => view.getUint8(at),
    set: (view, at, value) => view.setUint8(at, value),
  });
}

/** Unsigned, 16 bits, network order (big-endian). */
export function be16(offset: number): Field<number> {
  return unsigned16("be16", offset, false);
}

/** Unsigned, 32 bits, network order (big-endian). */
export function be32(offset: number): Field<number> {
  return unsigned32("be32", offset, false);
}

/** Unsigned, 64 bits, network order (big-endian). */
export function be64(offset: number): Field<bigint> {
  return unsigned64("be64", offset, false);
}

/** Unsigned, 16 bits, the host's order: little-endian on x86-64 and arm64 alike. */
export function ne16(offset: number): Field<number> {
  return unsigned16("ne16", offset, true);
}

/** Unsigned, 32 bits, the host's order: little-endian on x86-64 and arm64 alike. */
export function ne32(offset: number): Field<number> {
  return unsigned32("ne32", offset, true);
}

/** Unsigned, 64 bits, the host's order: little-endian on x86-64 and arm64 alike. */
export function ne64(offset: number): Field<bigint> {
  return unsigned64("ne64", offset, true);
}

/** Signed (C's short), 16 bits, the host's order. */
export function neS16(offset: number): Field<number> {
  return integer("neS16", offset, 2, -0x8000, 0x7fff, {
    get: (view, at) => view.getInt16(at, true),
    set: (view, at, value) => view.setInt16(at, value, true),
  });
}

/** Signed (C's int), 32 bits, the host's order. */
export function neS32(offset: number): Field<number> {
  return integer("neS32", offset, 4, -0x80000000, 0x7fffffff, {
    get: (view, at) => view.getInt32(at, true),
    set: (view, at, value) => view.setInt32(at, value, true),
  });
}

/** Signed (C's long), 64 bits, the host's order. */
export function neS64(offset: number): Field<bigint> {
  return {
    kind: "neS64",
    offset,
    size: 8,
    get: (view, at) => view.getBigInt64(at, true),
    set(view, at, value) {
      assert(BigInt.asIntN(64, value) === value, () => `${value} fits neS64`);
      view.setBigInt64(at, value, true);
    },
  };
}

/** `size` bytes as they are; reading copies them. */
export function bytes(offset: number, size: number): Field<Uint8Array> {
  return {
    kind: "bytes",
    offset,
    size,
    get: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice(),
    set(view, at, value) {
      assert(value.length === size, () => `${value.length} bytes fit a field of ${size}`);
      new Uint8Array(view.buffer, view.byteOffset + at, size).set(value);
    },
  };
}

/** `size` bytes that carry nothing. */
export function pad(offset: number, size: number): Padding {
  return { kind: "pad", offset, size };
}

/** How an integer of one size and order is moved. */
interface Access<T> {
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

function integer(
  kind: string,
  offset: number,
  size: number,
  least: number,
  most: number,
  access: Access<number>,
): Field<number> {
  return {
    kind,
    offset,
    size,
    get: access.get,
    set(view, at, value) {
      assert(
        Number.isInteger(value) && value >= least && value <= most,
        () => `${value} fits ${kind}`,
      );
      access.set(view, at, value);
    },
  };
}

function unsigned16(kind: string, offset: number, little: boolean): Field<number> {
  return integer(kind, offset, 2, 0, 0xffff, {
    get: (view, at) => view.getUint16(at, little),
    set: (view, at, value) => view.setUint16(at, value, little),
  });
}

function unsigned32(kind: string, offset: number, little: boolean): Field<number> {
  return integer(kind, offset, 4, 0, 0xffffffff, {
    get: (view, at) => view.getUint32(at, little),
    set: (view, at, value) => view.setUint32(at, value, little),
  });
}

function unsigned64(kind: string, offset: number, little: boolean): Field<bigint> {
  return {
    kind,
    offset,
    size: 8,
    get: (view, at) => view.getBigUint64(at, little),
    set(view, at, value) {
      assert(BigInt.asUintN(64, value) === value, () => `${value} fits ${kind}`);
      view.setBigUint64(at, value, little);
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function assertWhole(name: string, size: number, members: Members): void {
  let next = 0;
  const inOrder = Object.entries(members).toSorted(([, a], [, b]) => a.offset - b.offset);
  for (const [key, member] of inOrder) {
    assert(member.size > 0, `${name}.${key} has at least one byte`);
    assert(member.offset >= next, `${name}.${key} at ${member.offset} overlaps nothing`);
    assert(member.offset === next, `${name} has no hole at ${next}, before ${key}`);
    next = member.offset + member.size;
  }
  assert(next === size, `${name} is ${size} bytes, as its members say (${next})`);
}
