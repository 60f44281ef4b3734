/** What does a VRRP packet say? Bytes <-> Advert, for VRRPv2 (RFC 3768 5.1) and VRRPv3 (RFC 9568 5.1). */
import type { Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";

/** The two forms of the VRRPv3 checksum over IPv4: with a pseudo-header (RFC 5798) or without (RFC 9568 5.2.8). */
export type ChecksumForm = "pseudo-header" | "rfc9568";

/** A well-formed advertisement: everything in it was checked that can be checked without configuration. */
export interface Advert {
  readonly version: 2 | 3;
  /** 1-255. */
  readonly vrid: number;
  /** 0-255; 0 says "I am leaving", 255 is the owner. */
  readonly priority: number;
  /** v2: whole seconds, 1-255; v3: 10 ms to 40.95 s. */
  readonly interval: Nanoseconds;
  /** At least one, all of one family. */
  readonly addresses: readonly Ip[];
  /** VRRPv2 only: authentication type (0 none, 1 simple password) and its 8 bytes. */
  readonly auth?: { readonly type: number; readonly data: Uint8Array };
  /** VRRPv3 over IPv4 only: the form that its checksum was right in. */
  readonly checksumForm?: ChecksumForm;
}
