/**
 * What nodes ask of etcd about a lease, and what it says (decision 0081). Two keys for each lease:
 * `owner` says which process has it and changes with each change of holder, so that its revision is
 * the epoch; `renewed` is put with each renewal. Values are JSON; fields that are not known are
 * skipped.
 */

/** A key as etcd has it. */
export interface Kept {
  /** `mod_revision`: no two puts have the same. */
  readonly revision: number;
  /** Its bytes as UTF-8. */
  readonly value: string;
}

/** Both keys of one lease, at one revision of the store. */
export interface Record {
  /** Of the whole store: it only rises. */
  readonly revision: number;
  /** Undefined: there is no such key. */
  readonly owner: Kept | undefined;
  readonly renewed: Kept | undefined;
}

/** What etcd is to do: all of it in one transaction, or nothing. Numbers are revisions; 0: none. */
export type Deed =
  /** Tells the record. It may be an old one. */
  | { readonly kind: "look" }
  /** Puts what is missing of the record: an unknown process may have had it. */
  | { readonly kind: "mark"; readonly owner: number; readonly renewed: number }
  /** The asker becomes the owner, where nothing was put since. */
  | { readonly kind: "take"; readonly owner: number; readonly renewed: number }
  /** Says that the owner is there. */
  | { readonly kind: "renew"; readonly owner: number }
  /** Says that there is no owner, and that none need be waited for. */
  | { readonly kind: "release"; readonly owner: number }
  /** Makes the process of another node the owner. */
  | { readonly kind: "give"; readonly owner: number; readonly to: Successor };

/** A process in whose favour another gives a lease up. */
export interface Successor {
  readonly node: string;
  readonly token: string;
}

/** What etcd says to a deed. */
export type Answer =
  /** It was done, by the put of this revision. */
  | { readonly kind: "done"; readonly revision: number }
  /** It was not, or was only looked: what there is in its place. */
  | { readonly kind: "record"; readonly record: Record };

/** The owner, as its key says. */
export interface Owner {
  /** The node's name; undefined: not known. */
  readonly node: string | undefined;
  /** Of its process; undefined: no process has it. */
  readonly token: string | undefined;
  /** It was given up: nobody has to be waited for. */
  readonly isFree: boolean;
}

/** Characters of a node's name, at most. */
const LONGEST_NAME = 80;

/** The value of `owner`. */
export function writeOwner({ node, token, isFree }: Owner): string {
  return JSON.stringify({ node, token, free: isFree ? true : undefined });
}

/** What a value of `owner` says. One that floatip has not written is an unknown process. */
export function readOwner(value: string): Owner {
  const { node, token, free } = tableIn(value);
  const isName = typeof node === "string" && node.length <= LONGEST_NAME &&
    // None of the characters that move the cursor of a terminal.
    /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(node);
  return {
    node: isName ? node : undefined,
    token: typeof token === "string" ? token : undefined,
    isFree: free === true && token === undefined,
  };
}

/** An object of JSON by its fields. */
export type Table = { readonly [field: string]: unknown };

/** The object that `text` is; an empty one where it is none. Never throws. */
export function tableIn(text: string): Table {
  try {
    return tableOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** `value` as an object; an empty one where it is none. */
export function tableOf(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
