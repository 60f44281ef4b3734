/**
 * A kernel behind a netlink connection: a function from a request to the datagrams of its answer.
 */
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "../../../../src/linux/constants.ts";
import type { Exchange } from "../../../../src/linux/netlink/connection.ts";
import {
  attribute,
  attributeTable,
  concat,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  text,
} from "../../../../src/linux/netlink/message.ts";
import { NLMSGERR } from "../../../../src/linux/abi.ts";

/** Request in, messages out, one list for each datagram. */
export type FakeKernel = (request: NetlinkMessage) => readonly (readonly NetlinkMessage[])[];

/** A connection's other end that asks `kernel`, and keeps the requests. */
export class FakeExchange implements Exchange {
  readonly requests: NetlinkMessage[] = [];
  /** How many datagrams they came in. */
  datagrams = 0;
  readonly #queue: Uint8Array[] = [];

  constructor(readonly kernel: FakeKernel) {}

  send(bytes: Uint8Array): void {
    this.datagrams++;
    for (const request of decodeMessages(bytes)) {
      this.requests.push(request);
      for (const messages of this.kernel(request)) {
        this.#queue.push(concat(...messages.map(encodeMessage)));
      }
    }
  }

  receive(): Uint8Array {
    const next = this.#queue.shift();
    if (next === undefined) throw new Error("the kernel has nothing more to say");
    return next;
  }
}

const WORDS = attributeTable({ words: attribute(1, text) });

/** The kernel's verdict on `request`: 0 is yes, else a negative errno, perhaps with words. */
export function verdict(request: NetlinkMessage, error: number, words?: string): NetlinkMessage {
  const { seq, type } = request;
  const header = encodeMessage({ type, flags: NLM_F_REQUEST, seq, pid: 0, body: new Uint8Array() });
  const flags = NLM_F_CAPPED | (words === undefined ? 0 : NLM_F_ACK_TLVS);
  const body = concat(NLMSGERR.write({ error }), header, WORDS.encode({ words }));
  return { type: NLMSG_ERROR, flags, seq, pid: 0, body };
}

/** The end of a dump. */
export function done(request: NetlinkMessage, flags = 0): NetlinkMessage {
  const body = NLMSGERR.write({ error: 0 });
  return { type: NLMSG_DONE, flags, seq: request.seq, pid: 0, body };
}

/** One message of an answer to `request`. */
export function answer(
  request: NetlinkMessage,
  type: number,
  body: Uint8Array,
  flags = 0,
): NetlinkMessage {
  return { type, flags, seq: request.seq, pid: 0, body };
}
