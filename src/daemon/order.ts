/** What may a person or another program ask of the running daemon? */
import type { Config } from "../config/config.ts";

/** Posted to the host by signals and the control socket; taken by the loop in its turn. */
export type Order =
  /** Give the addresses up in order and end. */
  | { readonly kind: "stop" }
  /** Apply a configuration that has already been validated; `reply` gets one sentence per change. */
  | {
    readonly kind: "reload";
    readonly config: Config;
    readonly reply: (changes: readonly string[]) => void;
  };
