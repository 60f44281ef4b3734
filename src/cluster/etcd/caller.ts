/** What a machine does for the leases in etcd: it asks members of the etcd cluster. */
import type { Call } from "./gateway.ts";

/** One member of an etcd cluster. */
export interface EtcdMember {
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** By TLS. */
  readonly isSecure: boolean;
  /** Host and port as a URL has them. */
  readonly authority: string;
}

/** How members of an etcd cluster are asked. */
export interface EtcdSettings {
  readonly members: readonly EtcdMember[];
  readonly user: { readonly name: string; readonly password: string } | undefined;
  /** Files of certificates: of authorities besides the usual ones, and of this node. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  /** The key of `cert`, in PEM form. */
  readonly key: string | undefined;
}

/** Asks members of an etcd cluster, beside the loop. */
export interface EtcdCaller {
  /** They may be asked from now on; undefined: none is. Answers to earlier calls are dropped. */
  open(settings: EtcdSettings | undefined): void;
  /** Asks member `member` of the settings; one "etcd" event, at most 3 s later. */
  call(id: number, member: number, call: Call): void;
}

/** Of a machine that asks none. */
export const NO_ETCD: EtcdCaller = { open() {}, call() {} };
