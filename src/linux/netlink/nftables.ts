/**
 * nf_tables over netlink: a table with its sets, chains and rules as messages of one batch, which
 * the kernel carries out as a whole or not at all. Pure.
 */
import { NFGENMSG } from "../abi.ts";
import {
  NF_ACCEPT,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO_NETDEV,
  NFPROTO_UNSPEC,
  NFT_MSG_DELCHAIN,
  NFT_MSG_DELRULE,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWTABLE,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_POLICY,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_HOOK_DEV,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
  NFTA_LIST_ELEM,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
  NFTA_SET_DESC,
  NFTA_SET_DESC_SIZE,
  NFTA_SET_FLAGS,
  NFTA_SET_ID,
  NFTA_SET_KEY_LEN,
  NFTA_SET_KEY_TYPE,
  NFTA_SET_NAME,
  NFTA_SET_TABLE,
  NFTA_TABLE_NAME,
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_REQUEST,
} from "../constants.ts";
import type { Bytes } from "../libc.ts";
import {
  attribute,
  attributeTable,
  concat,
  encodeMessage,
  listOf,
  text,
  u32be,
} from "./message.ts";
import { encodeExpression, EXPRESSION, type Expression } from "./nft_expressions.ts";

/** A hash of keys. */
export interface SetSpec {
  readonly name: string;
  /** NFT_SET_TIMEOUT, NFT_SET_EVAL. */
  readonly flags: number;
  /** As `nft` numbers it: 7 is ipv4_addr, 8 is ipv6_addr. */
  readonly keyType: number;
  /** In bytes. */
  readonly keySize: number;
  /** So many elements at most. */
  readonly size: number;
}

/** Where a chain begins; one without is jumped to. */
export interface Hook {
  /** The name of a link. */
  readonly device: string;
  /** NF_NETDEV_INGRESS, NF_NETDEV_EGRESS. */
  readonly hook: number;
}

/** A chain that accepts what no rule drops. */
export interface ChainSpec {
  readonly name: string;
  readonly hook?: Hook;
  readonly rules: readonly (readonly Expression[])[];
}

/** One message of a batch. */
export interface Step {
  readonly type: number;
  readonly flags: number;
  readonly attributes: Uint8Array;
}

/** Makes the table, of the family "netdev", unless it is there. */
export function newTable(name: string): Step {
  return step(NFT_MSG_NEWTABLE, TABLE.encode({ name }), NLM_F_CREATE);
}

/** Removes the table with all that is in it; refused (ENOENT) where it is not there. */
export function deleteTable(name: string): Step {
  return step(NFT_MSG_DELTABLE, TABLE.encode({ name }));
}

/** Makes the set, unless it is there. `id`: another for each set of a batch. */
export function newSet(table: string, spec: SetSpec, id: number): Step {
  const { size, ...rest } = spec;
  const attributes = SET.encode({ table, ...rest, description: { size }, id });
  return step(NFT_MSG_NEWSET, attributes, NLM_F_CREATE);
}

/** Makes the chain, unless it is there. */
export function newChain(table: string, { name, hook }: ChainSpec): Step {
  const begins = hook === undefined ? {} : {
    hook: { ...hook, priority: PRIORITY },
    policy: NF_ACCEPT,
    type: "filter",
  };
  return step(NFT_MSG_NEWCHAIN, CHAIN.encode({ table, name, ...begins }), NLM_F_CREATE);
}

/** Removes the chain with its rules, where it is there. */
export function dropChain(table: string, name: string): readonly Step[] {
  const attributes = CHAIN.encode({ table, name });
  // The kernel refuses to remove what is not there, and with it the whole batch.
  return [step(NFT_MSG_NEWCHAIN, attributes, NLM_F_CREATE), step(NFT_MSG_DELCHAIN, attributes)];
}

/** Gives the chain, which is there, its rules in the place of all others. */
export function setRules(table: string, { name: chain, rules }: ChainSpec): readonly Step[] {
  return [
    step(NFT_MSG_DELRULE, RULE.encode({ table, chain })),
    ...rules.map((rule) => {
      const attributes = RULE.encode({ table, chain, expressions: rule.map(encodeExpression) });
      return step(NFT_MSG_NEWRULE, attributes, NLM_F_CREATE | NLM_F_APPEND);
    }),
  ];
}

/**
 * The whole as one datagram. The kernel answers what it refuses, and then nothing of it was done;
 * and the last step. `first`: the sequence number of its beginning; those of the steps follow.
 */
export function encodeBatch(steps: readonly Step[], first: number): Bytes {
  return concat(encodeTrial(steps, first), bound(NFNL_MSG_BATCH_END, first + 1 + steps.length));
}

/** The same, which the kernel looks at and does not carry out: it has no end. */
export function encodeTrial(steps: readonly Step[], first: number): Bytes {
  return concat(bound(NFNL_MSG_BATCH_BEGIN, first), ...messagesOf(steps, first));
}

/** The order among chains of one hook matters not: one drops, or all accept. */
const PRIORITY = 0;

const TABLE = attributeTable({
  name: attribute(NFTA_TABLE_NAME, text),
});

const SET = attributeTable({
  table: attribute(NFTA_SET_TABLE, text),
  name: attribute(NFTA_SET_NAME, text),
  flags: attribute(NFTA_SET_FLAGS, u32be),
  keyType: attribute(NFTA_SET_KEY_TYPE, u32be),
  keySize: attribute(NFTA_SET_KEY_LEN, u32be),
  description: attribute(
    NFTA_SET_DESC,
    attributeTable({ size: attribute(NFTA_SET_DESC_SIZE, u32be) }),
  ),
  id: attribute(NFTA_SET_ID, u32be),
});

const CHAIN = attributeTable({
  table: attribute(NFTA_CHAIN_TABLE, text),
  name: attribute(NFTA_CHAIN_NAME, text),
  hook: attribute(
    NFTA_CHAIN_HOOK,
    attributeTable({
      hook: attribute(NFTA_HOOK_HOOKNUM, u32be),
      priority: attribute(NFTA_HOOK_PRIORITY, u32be),
      device: attribute(NFTA_HOOK_DEV, text),
    }),
  ),
  policy: attribute(NFTA_CHAIN_POLICY, u32be),
  type: attribute(NFTA_CHAIN_TYPE, text),
});

const RULE = attributeTable({
  table: attribute(NFTA_RULE_TABLE, text),
  chain: attribute(NFTA_RULE_CHAIN, text),
  expressions: attribute(NFTA_RULE_EXPRESSIONS, listOf(NFTA_LIST_ELEM, EXPRESSION)),
});

function messagesOf(steps: readonly Step[], first: number): readonly Uint8Array[] {
  return steps.map(({ type, flags, attributes }, index) =>
    encodeMessage({
      type: typeOf(type),
      flags: flags | NLM_F_REQUEST | (index === steps.length - 1 ? NLM_F_ACK : 0),
      seq: (first + 1 + index) >>> 0,
      pid: 0,
      body: concat(header(NFPROTO_NETDEV, 0), attributes),
    })
  );
}

function step(type: number, attributes: Uint8Array, flags = 0): Step {
  return { type, flags, attributes };
}

function typeOf(message: number): number {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

function header(family: number, resourceId: number): Uint8Array {
  return NFGENMSG.write({ family, version: 0, resourceId });
}

function bound(type: number, seq: number): Uint8Array {
  const body = header(NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
  return encodeMessage({ type, flags: NLM_F_REQUEST, seq: seq >>> 0, pid: 0, body });
}
