/** What is a health check? One probe, how often, and how many results in a row make a verdict. */
import type { Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";

/** What one attempt does. Exactly one kind for a check. */
export type Probe =
  | {
    readonly kind: "http";
    /** http: or https:. */
    readonly url: string;
    /** Accepted status codes; empty: 200 to 399. */
    readonly statuses: readonly number[];
    /** Text that the body must contain. */
    readonly match: string | undefined;
    /** The Host header, where it is not the URL's. */
    readonly host: string | undefined;
    /** Accept any certificate. */
    readonly insecure: boolean;
  }
  | {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    readonly send: string | undefined;
    /** Text that must come back. */
    readonly expect: string | undefined;
  }
  | {
    readonly kind: "dns";
    /** Which name server is asked. */
    readonly server: string;
    readonly port: number;
    readonly query: string;
    readonly type: "A" | "AAAA" | "CNAME" | "MX" | "NS" | "PTR" | "SOA" | "SRV" | "TXT";
    /** Text that one of the answers must be; undefined: any answer will do. */
    readonly expect: string | undefined;
  }
  | { readonly kind: "ping"; readonly address: Ip; readonly by: "icmp" | "arp" }
  | {
    readonly kind: "command";
    /** Program and arguments, no shell. */
    readonly argv: readonly string[];
    /** Undefined: floatip's script user where it exists, else the daemon's. */
    readonly user: string | undefined;
  }
  /** By the name in /proc/PID/comm or the base name of argv[0]. */
  | { readonly kind: "process"; readonly name: string }
  | {
    readonly kind: "file";
    readonly path: string;
    /** "value": an integer in it, multiplied with the weight. */
    readonly want: "present" | "absent" | "value";
  }
  /** The interface is there, switched on, and has carrier. */
  | { readonly kind: "interface"; readonly name: string };

/** One [check.NAME]. */
export interface CheckSettings {
  readonly name: string;
  readonly probe: Probe;
  readonly interval: Nanoseconds;
  readonly timeout: Nanoseconds;
  /** Failures in a row that make it down, at least 1. */
  readonly fall: number;
  /** Successes in a row that make it up, at least 1. */
  readonly rise: number;
  /** Added to the priority while down (negative) or up (positive); undefined: down means fault. */
  readonly weight: number | undefined;
}

/** What one attempt found. */
export interface ProbeResult {
  readonly ok: boolean;
  /** For people, a few words: "200 in 3 ms", "connection refused", "no answer within 1 s". One line, no secrets. */
  readonly text: string;
  /** How long the attempt took. */
  readonly latency: Nanoseconds;
  /** The integer of a file probe with want "value". */
  readonly value?: number;
  /** The process that a process probe found: its end is worth another attempt at once. */
  readonly pid?: number;
}
