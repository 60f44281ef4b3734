/** Expressions of nf_tables: what a rule does with a packet, as attributes. Pure. */
import {
  NFT_CMP_EQ,
  NFT_DYNSET_OP_DELETE,
  NFT_DYNSET_OP_UPDATE,
  NFT_LOOKUP_F_INV,
  NFT_REG_1,
  NFT_REG_VERDICT,
  NFTA_CMP_DATA,
  NFTA_CMP_OP,
  NFTA_CMP_SREG,
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_DYNSET_OP,
  NFTA_DYNSET_SET_NAME,
  NFTA_DYNSET_SREG_KEY,
  NFTA_DYNSET_TIMEOUT,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_IMMEDIATE_DATA,
  NFTA_IMMEDIATE_DREG,
  NFTA_LOOKUP_FLAGS,
  NFTA_LOOKUP_SET,
  NFTA_LOOKUP_SREG,
  NFTA_META_DREG,
  NFTA_META_KEY,
  NFTA_PAYLOAD_BASE,
  NFTA_PAYLOAD_DREG,
  NFTA_PAYLOAD_LEN,
  NFTA_PAYLOAD_OFFSET,
  NFTA_VERDICT_CODE,
} from "../constants.ts";
import { attribute, attributeTable, raw, text, u32be, u64be } from "./message.ts";

/**
 * What a rule does, one after the other; the first that does not match ends it. "meta" and
 * "payload" load a value, which the others are about.
 */
export type Expression =
  | { readonly kind: "meta"; readonly key: number }
  | {
    readonly kind: "payload";
    readonly base: number;
    readonly offset: number;
    readonly size: number;
  }
  | { readonly kind: "equals"; readonly value: Uint8Array }
  | { readonly kind: "in" | "not in"; readonly set: string }
  /** It is in the set for so long from now, in ms. */
  | { readonly kind: "update"; readonly set: string; readonly timeout: number }
  | { readonly kind: "delete"; readonly set: string }
  | { readonly kind: "verdict"; readonly code: number };

/** A value in a register or in a set. */
const DATA = attributeTable({ value: attribute(NFTA_DATA_VALUE, raw) });

/** An expression as attributes: {@link encodeExpression}. */
export const EXPRESSION = attributeTable({
  name: attribute(NFTA_EXPR_NAME, text),
  data: attribute(NFTA_EXPR_DATA, { ...raw, nested: true }),
});

/** What {@link EXPRESSION} takes. */
export function encodeExpression(
  one: Expression,
): { readonly name: string; readonly data: Uint8Array } {
  const register = NFT_REG_1;
  switch (one.kind) {
    case "meta":
      return { name: "meta", data: META.encode({ register, key: one.key }) };
    case "payload": {
      const { base, offset, size } = one;
      return { name: "payload", data: PAYLOAD.encode({ register, base, offset, size }) };
    }
    case "equals": {
      const data = { value: one.value };
      return { name: "cmp", data: COMPARE.encode({ register, operator: NFT_CMP_EQ, data }) };
    }
    case "in":
      return { name: "lookup", data: LOOKUP.encode({ set: one.set, register }) };
    case "not in": {
      const flags = NFT_LOOKUP_F_INV;
      return { name: "lookup", data: LOOKUP.encode({ set: one.set, register, flags }) };
    }
    case "update": {
      const { set, timeout } = one;
      const operation = NFT_DYNSET_OP_UPDATE;
      return { name: "dynset", data: DYNSET.encode({ set, operation, register, timeout }) };
    }
    case "delete": {
      const operation = NFT_DYNSET_OP_DELETE;
      return { name: "dynset", data: DYNSET.encode({ set: one.set, operation, register }) };
    }
    case "verdict": {
      const data = { verdict: { code: one.code } };
      return { name: "immediate", data: IMMEDIATE.encode({ register: NFT_REG_VERDICT, data }) };
    }
  }
}

const META = attributeTable({
  register: attribute(NFTA_META_DREG, u32be),
  key: attribute(NFTA_META_KEY, u32be),
});

const PAYLOAD = attributeTable({
  register: attribute(NFTA_PAYLOAD_DREG, u32be),
  base: attribute(NFTA_PAYLOAD_BASE, u32be),
  offset: attribute(NFTA_PAYLOAD_OFFSET, u32be),
  size: attribute(NFTA_PAYLOAD_LEN, u32be),
});

const COMPARE = attributeTable({
  register: attribute(NFTA_CMP_SREG, u32be),
  operator: attribute(NFTA_CMP_OP, u32be),
  data: attribute(NFTA_CMP_DATA, DATA),
});

const LOOKUP = attributeTable({
  set: attribute(NFTA_LOOKUP_SET, text),
  register: attribute(NFTA_LOOKUP_SREG, u32be),
  flags: attribute(NFTA_LOOKUP_FLAGS, u32be),
});

const DYNSET = attributeTable({
  set: attribute(NFTA_DYNSET_SET_NAME, text),
  operation: attribute(NFTA_DYNSET_OP, u32be),
  register: attribute(NFTA_DYNSET_SREG_KEY, u32be),
  timeout: attribute(NFTA_DYNSET_TIMEOUT, u64be),
});

const IMMEDIATE = attributeTable({
  register: attribute(NFTA_IMMEDIATE_DREG, u32be),
  data: attribute(
    NFTA_IMMEDIATE_DATA,
    attributeTable({
      verdict: attribute(
        NFTA_DATA_VERDICT,
        attributeTable({ code: attribute(NFTA_VERDICT_CODE, u32be) }),
      ),
    }),
  ),
});
