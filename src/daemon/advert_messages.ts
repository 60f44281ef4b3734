/** Adverts as they are sent: most say the same as the one before. */
import type { Ip } from "../net/ip.ts";
import type { Nanoseconds } from "../time.ts";
import type { Rules } from "../vrrp/rules.ts";
import { type ChecksumForm, encodeAdvert } from "../wire/vrrp.ts";

/** What an advert says that is not in the rules, and how. */
interface Spoken {
  readonly priority: number;
  readonly interval: Nanoseconds;
  readonly source: Ip;
  readonly form: ChecksumForm;
}

/** The latest advert under each set of rules, by its destination: most say the same again. */
const KEPT = new WeakMap<Rules, Map<Ip, { readonly said: Spoken; readonly message: Uint8Array }>>();

/** The advert to `destination` under `rules`. */
export function advertTo(destination: Ip, rules: Rules, spoken: Spoken): Uint8Array {
  const kept = KEPT.get(rules) ?? new Map<Ip, { said: Spoken; message: Uint8Array }>();
  const last = kept.get(destination);
  if (last !== undefined && sameSpoken(last.said, spoken)) return last.message;
  const { vrid, version, addresses, password } = rules;
  const { priority, interval, source, form } = spoken;
  const fields = { vrid, version, priority, interval, addresses };
  const message = encodeAdvert(
    password === undefined ? fields : { ...fields, auth: { type: 1, data: password } },
    source,
    destination,
    form,
  );
  KEPT.set(rules, kept.set(destination, { said: spoken, message }));
  return message;
}

function sameSpoken(a: Spoken, b: Spoken): boolean {
  return a.priority === b.priority && a.interval === b.interval && a.source === b.source &&
    a.form === b.form;
}
