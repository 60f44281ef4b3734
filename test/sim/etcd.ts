/** An etcd cluster beside a simulated LAN: what its JSON gateway does with two keys of a lease. */
import { type Call, type CallResult, readReply } from "../../src/cluster/etcd/gateway.ts";
import { after, milliseconds, type Nanoseconds, nanoseconds } from "../../src/time.ts";
import type { Lan } from "./lan.ts";
import { Random } from "./random.ts";

interface Kv {
  readonly value: string;
  readonly revision: number;
}

/** A request of a transaction, as far as floatip uses them. */
interface Operation {
  readonly request_put?: { readonly key: string; readonly value: string };
  readonly request_range?: Range;
}

interface Range {
  readonly key: string;
  readonly range_end?: string;
}

const CLUSTER = "1";
/** After this a call without an answer is lost. */
const WITHIN = milliseconds(2500);

/** One for each LAN. */
export class SimEtcd {
  readonly #lan: Lan;
  readonly #random: Random;
  readonly #keys = new Map<string, Kv>();
  #revision = 1;
  /** No majority of its members: nothing is answered. */
  isDown = false;
  /** Machines from which no member can be reached. */
  readonly cutOff = new Set<string>();
  /** How long each way takes at most. */
  delay: Nanoseconds = milliseconds(2);

  constructor(lan: Lan) {
    this.#lan = lan;
    this.#random = new Random(5, 9);
  }

  /** A call of the machine called `from`. */
  call(from: string, call: Call, then: (result: CallResult) => void): void {
    const sent = this.#lan.now;
    const way = () => nanoseconds(1000 + this.delay * this.#random.u32() / 2 ** 32);
    const lost = () =>
      this.#lan.at(
        after(sent, WITHIN),
        () => then({ kind: "lost", words: "no answer within 2.5 s" }),
      );
    const isReached = () => !this.isDown && !this.cutOff.has(from);
    this.#lan.at(after(sent, way()), () => {
      if (!isReached()) return lost();
      const result = readReply(call, 200, JSON.stringify(this.#perform(call)));
      this.#lan.at(after(this.#lan.now, way()), () => {
        if (isReached()) then(result);
        else lost();
      });
    });
  }

  #perform({ path, body }: Call): unknown {
    if (path === "/v3/kv/range") {
      return { header: this.#header(), ...this.#range(JSON.parse(body)) };
    }
    const { compare, success, failure } = JSON.parse(body) as {
      readonly compare: readonly { readonly key: string; readonly mod_revision: string }[];
      readonly success: readonly Operation[];
      readonly failure: readonly Operation[];
    };
    const fits = compare.every(({ key, mod_revision }) =>
      String(this.#keys.get(key)?.revision ?? 0) === mod_revision
    );
    const operations = fits ? success : failure;
    if (operations.some(({ request_put }) => request_put !== undefined)) this.#revision++;
    const responses = operations.map(({ request_put, request_range }) => {
      if (request_put !== undefined) {
        const { key, value } = request_put;
        this.#keys.set(key, { value, revision: this.#revision });
      }
      return request_range === undefined ? {} : { response_range: this.#range(request_range) };
    });
    return { header: this.#header(), ...(fits ? { succeeded: true } : {}), responses };
  }

  #range({ key, range_end }: Range): { readonly kvs: unknown } {
    const [from, to] = [atob(key), range_end === undefined ? undefined : atob(range_end)];
    const kvs = [...this.#keys].filter(([name]) => {
      const text = atob(name);
      return to === undefined ? text === from : from <= text && text < to;
    }).map(([name, { value, revision }]) => ({
      key: name,
      value,
      mod_revision: String(revision),
    }));
    return { kvs };
  }

  #header() {
    return { cluster_id: CLUSTER, revision: String(this.#revision) };
  }
}

const ALL = new WeakMap<Lan, SimEtcd>();

/** The etcd cluster of `lan`. */
export function etcdOf(lan: Lan): SimEtcd {
  const known = ALL.get(lan);
  if (known !== undefined) return known;
  const made = new SimEtcd(lan);
  ALL.set(lan, made);
  return made;
}
