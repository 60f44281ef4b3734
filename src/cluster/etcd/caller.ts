/** How members of an etcd cluster are asked. */
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
