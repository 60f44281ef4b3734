/** Nodes that speak by sessions over a network in memory: sealing is a toy, time is a number. */
import { Sessions } from "../../../src/cluster/sessions.ts";
import type { Outcome, ToSeal, ToSend } from "../../../src/cluster/outcome.ts";
import type { Own, Secret } from "../../../src/cluster/session.ts";
import { formatIp, type Ip, ip } from "../../../src/net/ip.ts";
import { type Instant, milliseconds } from "../../../src/time.ts";
import { toyOpen, toySeal } from "../../sim/toy_cipher.ts";

/** A datagram on its way, as anybody on the LAN sees it. */
export interface Sent {
  readonly from: Ip;
  readonly to: Ip;
  readonly bytes: Uint8Array;
}

/** A message that a node was given. */
export interface Told {
  readonly node: string;
  readonly peer: string;
  readonly text: string;
}

/** A generator of bytes that `seed` repeats (mulberry32). */
export function bytesFrom(seed: number): (count: number) => Uint8Array {
  let state = seed >>> 0;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ state >>> 15, 1 | state);
      t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
      return (t ^ t >>> 14) & 0xff;
    });
}

function secretsOf([first, ...others]: readonly [number, ...number[]]): Own["secrets"] {
  const secret = (id: number): Secret => ({ id, bytes: new Uint8Array(32).fill(id) });
  return [secret(first), ...others.map(secret)];
}

/** The nodes of one cluster and what they said to each other. */
export class Channel {
  readonly #random: (count: number) => Uint8Array;
  readonly #nodes = new Map<string, { readonly sessions: Sessions; readonly at: Ip }>();
  readonly #peers: readonly { readonly name: string; readonly addresses: readonly Ip[] }[];
  now = 0 as Instant;
  /** All that was ever sent, in order. */
  readonly sent: Sent[] = [];
  readonly told: Told[] = [];
  /** Reports that a node was told still hold, by their numbers. */
  readonly held: { readonly node: string; readonly peer: string; readonly number: number }[] = [];
  /** All that was ever sealed, in order. */
  readonly sealed: ToSeal[] = [];
  /** Why datagrams were refused, by reason. */
  readonly refused = new Map<string, number>();
  /** What nodes of another version send: the head, before it has its tag. */
  changes: (from: Ip, head: Uint8Array) => Uint8Array = (_from, head) => head;
  /** Datagrams for which this says false are lost. */
  passes: (datagram: Sent) => boolean = () => true;

  /** Names and their addresses, separated by blanks. */
  constructor(addresses: Readonly<Record<string, string>>, seed = 1) {
    this.#random = bytesFrom(seed);
    this.#peers = Object.entries(addresses).map(([name, texts]) => ({
      name,
      addresses: texts.split(" ").map(ip),
    }));
  }

  /** (Re)starts the process called `name`; `keyIds` are numbers of secrets. */
  start(name: string, keyIds: readonly [number, ...number[]] = [7], as = name): void {
    const at = this.#peers.find((peer) => peer.name === name)?.addresses[0];
    if (at === undefined) throw new Error(`no node ${name}`);
    const own = { name: as, secrets: secretsOf(keyIds) };
    const peers = this.#peers.filter((peer) => peer.name !== name);
    this.#nodes.set(name, { sessions: new Sessions(own, peers, this.#random), at });
  }

  /** Starts a second process called `name` at its second address. */
  startClone(name: string): void {
    const at = this.#peers.find((peer) => peer.name === name)?.addresses[1];
    if (at === undefined) throw new Error(`${name} has no second address`);
    const own = { name, secrets: secretsOf([7]) };
    const peers = this.#peers.filter((peer) => peer.name !== name);
    this.#nodes.set(`${name}'`, { sessions: new Sessions(own, peers, this.#random), at });
  }

  stop(name: string): void {
    this.#nodes.delete(name);
  }

  sessions(name: string): Sessions {
    return this.#node(name).sessions;
  }

  /**
   * Each node says its name to each other once a second, and half a second later that its report 1
   * still holds, for `count` seconds.
   */
  seconds(count: number): void {
    for (let tenth = 0; tenth < count * 10; tenth++) {
      this.now = this.now + milliseconds(100) as Instant;
      for (const [name, { sessions, at }] of this.#nodes) {
        this.#send(at, sessions.tick(this.now));
        if (tenth % 10 === 0) this.say(name, `I am ${name}`);
        if (tenth % 10 === 5) this.beat(name, 1);
      }
    }
  }

  /** The HELLOs that are due now, and what follows from them. */
  greet(after = milliseconds(100)): void {
    this.now = this.now + after as Instant;
    for (const { sessions, at } of this.#nodes.values()) this.#send(at, sessions.tick(this.now));
  }

  /** The file of `name` says that it has `peers` and no others. */
  settle(
    name: string,
    peers: readonly string[],
    keyIds: readonly [number, ...number[]] = [7],
  ): void {
    const named = this.#peers.filter((peer) => peers.includes(peer.name));
    this.#node(name).sessions.settle({ name, secrets: secretsOf(keyIds) }, named);
  }

  /** A message of `name` to all others. */
  say(name: string, text: string): void {
    const { sessions, at } = this.#node(name);
    const message = new TextEncoder().encode(text);
    for (const peer of this.#peers) this.#send(at, sessions.send(peer.name, message));
  }

  /** The report `number` of `name` still holds. Answers whether all could be told so. */
  beat(name: string, number: number): boolean {
    const { sessions, at } = this.#node(name);
    const all = sessions.beat(number);
    this.#send(at, all ?? []);
    return all !== undefined;
  }

  /** Puts `bytes` on the network as if `from` had sent them. Gives what each step came to. */
  inject({ from, to, bytes }: Sent): readonly Outcome[] {
    const outcomes: Outcome[] = [];
    for (const [name, node] of this.#nodes) {
      if (formatIp(node.at) !== formatIp(to)) continue;
      let outcome = node.sessions.receive(this.now, from, bytes);
      outcomes.push(outcome);
      if (outcome.kind === "open") {
        outcome = node.sessions.opened(this.now, outcome.job.id, toyOpen(outcome.job));
        outcomes.push(outcome);
      }
      this.#take(name, node.at, outcome);
    }
    return outcomes;
  }

  #node(name: string): { readonly sessions: Sessions; readonly at: Ip } {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} does not run`);
    return node;
  }

  #take(name: string, at: Ip, outcome: Outcome): void {
    if (outcome.kind === "refused") {
      this.refused.set(outcome.reason, (this.refused.get(outcome.reason) ?? 0) + 1);
    } else if (outcome.kind === "send") this.#send(at, outcome.datagrams);
    else if (outcome.kind === "message") {
      const text = new TextDecoder().decode(outcome.text);
      this.told.push({ node: name, peer: outcome.peer, text });
    } else if (outcome.kind === "beat") {
      this.held.push({ node: name, peer: outcome.peer, number: outcome.number });
    }
  }

  #send(from: Ip, datagrams: readonly ToSend[]): void {
    this.sealed.push(...datagrams.flatMap((job) => "tag" in job ? [] : [job]));
    for (const given of datagrams) {
      const job = { ...given, head: this.changes(from, given.head) };
      const bytes = Uint8Array.from([...job.head, ...("tag" in job ? job.tag : toySeal(job))]);
      const sent = { from, to: job.to, bytes };
      this.sent.push(sent);
      if (this.passes(sent)) this.inject(sent);
    }
  }
}
