/** Messages to nf_tables: as the program `nft` 1.0.6 sends them, seen with strace. */
import assert from "node:assert/strict";
import type { NetlinkMessage } from "../../../../src/linux/netlink/message.ts";
import { decodeMessages } from "../../../../src/linux/netlink/message.ts";
import type { Expression } from "../../../../src/linux/netlink/nft_expressions.ts";
import {
  encodeBatch,
  newChain,
  newSet,
  newTable,
  setRules,
  type Step,
} from "../../../../src/linux/netlink/nftables.ts";

/** An attribute; those within it are in the order of their numbers. */
type Tree = readonly [type: number, value: string | readonly Tree[]];

const NESTED = 0x8000;

function trees(bytes: Uint8Array): readonly Tree[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Tree[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const [length, type] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const payload = bytes.subarray(at + 4, at + length);
    const isList = (type & NESTED) !== 0;
    found.push([type, isList ? trees(payload) : payload.toHex()]);
    at += (length + 3) & ~3;
  }
  // Lists of expressions have one number for all, and keep their order.
  return found.toSorted(([a], [b]) => a - b);
}

/** Family and attributes of a message's body. */
function read(body: Uint8Array): readonly [string, readonly Tree[]] {
  return [body.subarray(0, 4).toHex(), trees(body.subarray(4))];
}

function hex(text: string): readonly [string, readonly Tree[]] {
  return read(Uint8Array.fromHex(text));
}

function messagesOf(steps: readonly Step[]): readonly NetlinkMessage[] {
  return decodeMessages(encodeBatch(steps, 1)).slice(1, -1);
}

function bodyOf(step: Step): readonly [string, readonly Tree[]] {
  return read(messagesOf([step])[0]?.body ?? new Uint8Array());
}

/** What `nft` says besides, which is what the kernel takes it for anyway. */
function without(
  [family, all]: readonly [string, readonly Tree[]],
  ...types: readonly number[]
): readonly [string, readonly Tree[]] {
  return [family, all.filter(([type]) => !types.includes(type))];
}

/** It names sets by numbers too, in case that they are made in the same batch. */
const SET_ID: Readonly<Record<string, number>> = { lookup: 4, dynset: 2 };

function withoutSetIds([type, value]: Tree): Tree {
  if (typeof value === "string") return [type, value];
  const [first] = value;
  const name = first?.[0] === 1 && typeof first[1] === "string"
    ? new TextDecoder().decode(Uint8Array.fromHex(first[1]).subarray(0, -1))
    : "";
  const id = SET_ID[name];
  return [
    type,
    value.map(withoutSetIds).map(([one, inner]): Tree =>
      id === undefined || typeof inner === "string"
        ? [one, inner]
        : [one, inner.filter(([number]) => number !== id)]
    ),
  ];
}

const FRAMES = { name: "frames", hook: { device: "lo", hook: 1 }, rules: [] };

Deno.test("a batch begins, says its steps, and ends; the last step is acknowledged", () => {
  const messages = decodeMessages(encodeBatch([newTable("floatip"), newTable("other")], 7));
  assert.deepEqual(
    messages.map(({ type, flags, seq, body }) => [type, flags, seq, body.subarray(0, 4).toHex()]),
    [
      [0x10, 0x1, 7, "0000000a"],
      [0xa00, 0x401, 8, "05000000"],
      [0xa00, 0x405, 9, "05000000"],
      [0x11, 0x1, 10, "0000000a"],
    ],
  );
});

Deno.test("table, set and chain are as nft makes them", () => {
  const flags = 2;
  assert.deepEqual(
    bodyOf(newTable("floatip")),
    without(hex("050000000c000100666c6f61746970000800020000000000"), flags),
  );
  const set = { name: "open4", flags: 0x30, keyType: 7, keySize: 4, size: 65_535 };
  const userdata = 13;
  assert.deepEqual(
    bodyOf(newSet("floatip", set, 1)),
    without(
      hex(
        "050000000c000100666c6f61746970000a0002006f70656e3400000008000300000000300800040000000007" +
          "080005000000000408000a00000000010c000980080001000000ffff0a000d000004020000000000",
      ),
      userdata,
    ),
  );
  assert.deepEqual(
    bodyOf(newChain("floatip", FRAMES)),
    hex(
      "050000000c000100666c6f61746970000b0003006672616d657300000b00070066696c746572000008000500" +
        "000000011c00048008000100000000010800020000000000070003006c6f0000",
    ),
  );
});

Deno.test("rules are as nft makes them", () => {
  const source: Expression = { kind: "payload", base: 1, offset: 12, size: 4 };
  const isIp: readonly Expression[] = [
    { kind: "meta", key: 1 },
    { kind: "equals", value: Uint8Array.of(8, 0) },
  ];
  const drop: Expression = { kind: "verdict", code: 0 };
  const key: Expression = { kind: "payload", base: 1, offset: 20, size: 4 };
  const rules: readonly (readonly Expression[])[] = [
    [...isIp, source, { kind: "in", set: "open4" }, drop],
    [...isIp, source, { kind: "not in", set: "open4" }, drop],
    [
      { kind: "payload", base: 1, offset: 16, size: 4 },
      { kind: "equals", value: Uint8Array.of(0, 0, 0, 1) },
      key,
      { kind: "update", set: "open4", timeout: 3000 },
      key,
      { kind: "delete", set: "open4" },
      drop,
    ],
  ];
  const [clear, ...made] = messagesOf(setRules("floatip", { ...FRAMES, rules }));
  assert.equal(clear?.type, 0xa08);
  assert.deepEqual(made.map(({ type, flags }) => [type, flags & ~0x4]), [
    [0xa06, 0xc01],
    [0xa06, 0xc01],
    [0xa06, 0xc01],
  ]);
  const asNft = [IS_IN, IS_NOT_IN, UPDATE].map(hex).map(([family, all]) =>
    [family, all.map(withoutSetIds)] as const
  );
  assert.deepEqual(made.map(({ body }) => read(body)), asNft);
});

const IS_IN =
  "050000000c000100666c6f61746970000b0002006672616d65730000e800048024000180090001006d6574610000" +
  "000014000280080002000000000108000100000000012c00018008000100636d7000200002800800010000000001" +
  "08000200000000000c0003800600010008000000340001800c0001007061796c6f61640024000280080001000000" +
  "00010800020000000001080003000000000c0800040000000004300001800b0001006c6f6f6b7570000020000280" +
  "08000200000000010a0001006f70656e340000000800040000000001300001800e000100696d6d65646961746500" +
  "00001c0002800800010000000000100002800c0002800800010000000000";

const IS_NOT_IN =
  "050000000c000100666c6f61746970000b0002006672616d65730000f000048024000180090001006d6574610000" +
  "000014000280080002000000000108000100000000012c00018008000100636d7000200002800800010000000001" +
  "08000200000000000c0003800600010008000000340001800c0001007061796c6f61640024000280080001000000" +
  "00010800020000000001080003000000000c0800040000000004380001800b0001006c6f6f6b7570000028000280" +
  "08000200000000010a0001006f70656e3400000008000400000000010800050000000001300001800e000100696d" +
  "6d6564696174650000001c0002800800010000000000100002800c0002800800010000000000";

const UPDATE =
  "050000000c000100666c6f61746970000b0002006672616d6573000078010480340001800c0001007061796c6f61" +
  "64002400028008000100000000010800020000000001080003000000001008000400000000042c00018008000100" +
  "636d700020000280080001000000000108000200000000000c0003800800010000000001340001800c0001007061" +
  "796c6f61640024000280080001000000000108000200000000010800030000000014080004000000000444000180" +
  "0b00010064796e736574000034000280080004000000000108000300000000010c0006000000000000000bb80a00" +
  "01006f70656e340000000800020000000001340001800c0001007061796c6f616400240002800800010000000001" +
  "080002000000000108000300000000140800040000000004380001800b00010064796e7365740000280002800800" +
  "04000000000108000300000000020a0001006f70656e340000000800020000000001300001800e000100696d6d65" +
  "64696174650000001c0002800800010000000000100002800c0002800800010000000000";
