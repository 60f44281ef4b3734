/** etcd as a value store of one lease: each deed at once, whole or not at all. */
import {
  type Answer,
  type Deed,
  type Kept,
  type Owner,
  type Record,
  writeOwner,
} from "../../../../src/cluster/etcd/record.ts";

/** Which revisions a deed is compared by; a mutant compares fewer. */
export type Compares = (deed: Deed) => { readonly owner?: number; readonly renewed?: number };

/** As the gateway writes it. */
export const COMPARES: Compares = (deed) => {
  if (deed.kind === "look") return {};
  return "renewed" in deed ? { owner: deed.owner, renewed: deed.renewed } : { owner: deed.owner };
};

/** The store; it has lost nothing, whatever became of its members. */
export class Store {
  /** All that it ever was: what a member that lags behind may tell. */
  readonly past: Record[] = [{ revision: 1, owner: undefined, renewed: undefined }];

  get now(): Record {
    const last = this.past.at(-1);
    if (last === undefined) throw new Error("there is a first record");
    return last;
  }

  /** What etcd answers to `deed` of a process. */
  perform(
    deed: Deed,
    node: string,
    token: string,
    compares = COMPARES,
    marksFree = false,
  ): Answer {
    const { owner, renewed } = this.now;
    const wanted = compares(deed);
    const fits = (wanted.owner ?? owner?.revision ?? 0) === (owner?.revision ?? 0) &&
      (wanted.renewed ?? renewed?.revision ?? 0) === (renewed?.revision ?? 0);
    if (deed.kind === "look" || !fits) return { kind: "record", record: this.now };
    const revision = this.now.revision + 1;
    const to = deed.kind === "give" ? deed.to : { node, token };
    const by: Owner = {
      node: to.node,
      token: deed.kind === "take" || deed.kind === "give" ? to.token : undefined,
      isFree: deed.kind === "release" || (deed.kind === "mark" && marksFree),
    };
    const put: Kept = { revision, value: writeOwner(by) };
    const renewal: Kept = { revision, value: "" };
    const isKept = deed.kind === "renew" || (deed.kind === "mark" && owner !== undefined);
    this.past.push({
      revision,
      owner: isKept ? owner : put,
      renewed: deed.kind === "mark" && renewed !== undefined ? renewed : renewal,
    });
    return { kind: "done", revision };
  }

  /** Removed by hand. */
  remove(what: "owner" | "renewed"): void {
    this.past.push({ ...this.now, revision: this.now.revision + 1, [what]: undefined });
  }
}
