/**
 * Who may order: a request with the password, from this page and no other, and not too many. Pure
 * but for what it has counted.
 */
import { affords, type Limits, spend } from "../budget.ts";
import type { HttpRequest, HttpStatus } from "../control/http_message.ts";
import { type Instant, seconds } from "../time.ts";

/** Passwords that were wrong, from all machines together: guessing takes years. */
const WRONG: Limits = { most: 5, every: seconds(10) };
/** Orders, from all machines together. */
const ORDERS: Limits = { most: 10, every: seconds(3) };

/** Why an order is refused, as an answer. */
export interface Refusal {
  readonly status: HttpStatus;
  /** One sentence for a person. */
  readonly text: string;
}

const CROSS_SITE = { status: 403, text: "only this page may send that" } as const;
const READ_ONLY = {
  status: 403,
  text: "the page is read-only: [web] has no password in the file",
} as const;
const GUESSED = { status: 401, text: "the password is wrong" } as const;
const TOO_MANY = { status: 429, text: "too many requests: wait half a minute" } as const;

/** Judges orders. */
export class Access {
  #wrongPaid = 0 as Instant;
  #ordersPaid = 0 as Instant;

  /** `password` undefined: no order is taken. Undefined: the order may be carried out. */
  judge(request: HttpRequest, password: string | undefined, now: Instant): Refusal | undefined {
    if (!isSameOrigin(request)) return CROSS_SITE;
    if (password === undefined) return READ_ONLY;
    // Looked at before the password, so that a right one tells a guesser nothing then.
    if (!affords(this.#wrongPaid, WRONG, now)) return TOO_MANY;
    if (!isEqual(passwordOf(request), password)) {
      this.#wrongPaid = spend(this.#wrongPaid, WRONG, now);
      return GUESSED;
    }
    if (!affords(this.#ordersPaid, ORDERS, now)) return TOO_MANY;
    this.#ordersPaid = spend(this.#ordersPaid, ORDERS, now);
    return undefined;
  }
}

/**
 * Does a browser say that this very page sent it? Programs that are no browsers say nothing, and
 * cannot be made to send it by another site.
 */
function isSameOrigin({ headers }: HttpRequest): boolean {
  const [site, origin, host] = ["sec-fetch-site", "origin", "host"].map((name) =>
    headers.get(name)
  );
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}

/** The password of HTTP Basic (RFC 7617), whatever the user is called; empty: there is none. */
function passwordOf({ headers }: HttpRequest): string {
  const [, coded = ""] = /^Basic ([\w+/=]{1,1024})$/i.exec(headers.get("authorization") ?? "") ??
    [];
  try {
    const text = atob(coded);
    return text.slice(text.indexOf(":") + 1);
  } catch {
    return "";
  }
}

/** Takes as long for a nearly right text as for any other of its length. */
function isEqual(said: string, right: string): boolean {
  let different = said.length ^ right.length;
  for (let index = 0; index < right.length; index++) {
    different |= said.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return different === 0;
}
