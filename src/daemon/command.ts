/** Orders: what a person or another program may ask of the running daemon. */
import type { Config } from "../config/config.ts";
import type { HandoverAnswer, MaintenanceAnswer, RestartAnswer } from "../control/api.ts";
import type { Nanoseconds, WallTime } from "../time.ts";

/** Maintenance that is in force; it survives restart and reboot. */
export interface Maintenance {
  readonly since: WallTime;
  /** By the calendar; undefined: until it is ended. */
  readonly until: WallTime | undefined;
  readonly reason: string | undefined;
}

/** Takes commands, from signals and the control socket; the loop handles them in its turn. */
export interface CommandTaker {
  submit(command: Command): void;
}

/** One thing that is asked of the daemon. */
export type Command =
  /**
   * Give the addresses up, as soon as another node has taken over, and end. A second one: at once.
   */
  | { readonly kind: "stop" }
  /**
   * Apply a configuration that has already been validated; `reply` gets one sentence per change.
   */
  | {
    readonly kind: "reload";
    readonly config: Config;
    readonly reply: (changes: readonly string[]) => void;
  }
  /** Give an instance to another node, and do not take it back for so long, or until asked. */
  | {
    readonly kind: "handover";
    readonly instance: string;
    /** The node that is to take over, by name. */
    readonly to: string | undefined;
    readonly forTime: Nanoseconds | undefined;
    readonly reply: (answer: HandoverAnswer) => void;
  }
  /** End what a handover began: let the priorities decide. */
  | {
    readonly kind: "take-back";
    readonly instance: string;
    readonly reply: (answer: HandoverAnswer) => void;
  }
  /**
   * Stand down with everything; `wanted` undefined: take part again. `force`: also where no node
   * takes over.
   */
  | {
    readonly kind: "maintenance";
    readonly wanted: Maintenance | undefined;
    readonly force: boolean;
    readonly reply: (answer: MaintenanceAnswer) => void;
  }
  /** End without giving anything up: another process goes on at once. */
  | { readonly kind: "restart"; readonly reply: (answer: RestartAnswer) => void };
