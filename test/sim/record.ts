/** Records of what can be seen on a simulated LAN, for checkers, plays and the hash of a run. */
import type { Instant } from "../../src/time.ts";
import type { Level } from "../../src/daemon/journal/journal.ts";

/** One thing that was seen. Addresses and MACs are text; `node` is the machine it happened on. */
export type Seen =
  /** A VRRP message left (or was lost on the way). */
  | {
    readonly kind: "sent";
    readonly node: string;
    readonly interface: string;
    readonly source: string;
    readonly destination: string;
    readonly message: Uint8Array;
  }
  /** The program on `node` was given a VRRP message. */
  | {
    readonly kind: "read";
    readonly node: string;
    readonly from: string;
    readonly source: string;
    readonly message: Uint8Array;
  }
  | {
    readonly kind: "announced";
    readonly node: string;
    readonly interface: string;
    readonly address: string;
    readonly mac: string;
  }
  /** Who has this address? */
  | {
    readonly kind: "asked";
    readonly node: string;
    readonly interface: string;
    readonly address: string;
  }
  | {
    readonly kind: "address";
    readonly node: string;
    readonly interface: string;
    /** "192.168.1.50/24". */
    readonly prefix: string;
    readonly there: boolean;
    /** The program did it, not somebody else or the kernel itself. */
    readonly byProgram: boolean;
    /** Why it went: "its lease ran out"; "": somebody wanted it. */
    readonly why: string;
  }
  | { readonly kind: "link"; readonly node: string; readonly words: string }
  | {
    readonly kind: "refused";
    readonly node: string;
    readonly call: string;
    readonly object: string;
  }
  | {
    readonly kind: "program";
    readonly node: string;
    readonly what: "started" | "ended" | "killed" | "paused" | "resumed" | "crashed";
    /** Why it crashed. */
    readonly words: string;
  }
  /** Somebody gave an order, or (`outcome`) was answered. */
  | {
    readonly kind: "order";
    readonly node: string;
    readonly number: number;
    readonly what: string;
    readonly outcome: string | undefined;
  }
  | {
    readonly kind: "journal";
    readonly node: string;
    readonly level: Level;
    readonly line: string;
  }
  /** Somebody's hand: a cut, a heal, a fault injected. */
  | { readonly kind: "act"; readonly words: string };

/** Takes what is seen, as it is seen. */
export type Watcher = (seen: Seen, at: Instant) => void;
