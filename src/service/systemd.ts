/** What does the service manager hear of the daemon? That it is ready, how things stand, and that its loop still turns. */
import { messageOf } from "../error.ts";
import type { StatusDocument } from "../control/api.ts";
import type { Observer } from "../daemon/record.ts";
import { after, type Instant, type Nanoseconds, nanoseconds } from "../time.ts";
import { rosterLine } from "./roster_line.ts";

/** How the service manager is spoken to: sd_notify(3). */
export interface ServiceLine {
  /** Sends variables in one message, without waiting; may throw. */
  send(variables: Readonly<Record<string, string>>): void;
  /** CLOCK_MONOTONIC. */
  microseconds(): bigint;
}

/** What a {@link Service} is made of. */
export interface ServiceOptions {
  readonly line: ServiceLine;
  /** How long the manager waits for a sign of life before it kills; undefined: for ever. */
  readonly watchdog: Nanoseconds | undefined;
  /** Who holds what, now. */
  instances(): StatusDocument["instances"];
  /** Told once, in words, that the manager does not listen. */
  complain(words: string): void;
}

/** The daemon as the service manager sees it. The watchdog is fed by {@link turn} alone, so that a loop that hangs is noticed. */
export class Service implements Observer {
  readonly #options: ServiceOptions;
  #ready = false;
  #changed = true;
  #said = "";
  #fed: Instant | undefined;
  #complained = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** A transition: the next turn tells of it. */
  observe(): void {
    this.#changed = true;
  }

  /** To be called once in each turn of the daemon's loop; answers when it wants to be called again at the latest. */
  turn(now: Instant): Instant | undefined {
    const { watchdog } = this.#options;
    const hungry = watchdog !== undefined &&
      (this.#fed === undefined || now - this.#fed >= watchdog / 4);
    const said = this.#changed || hungry ? rosterLine(this.#options.instances()) : this.#said;
    const sent = this.#send({
      ...(this.#ready ? {} : { READY: "1" }),
      ...(said === this.#said ? {} : { STATUS: said }),
      ...(hungry ? { WATCHDOG: "1" } : {}),
    });
    if (sent) {
      this.#ready = true;
      this.#changed = false;
      this.#said = said;
      if (hungry) this.#fed = now;
    }
    return watchdog === undefined ? undefined : after(now, nanoseconds(watchdog / 2));
  }

  /** A reload begins. */
  reloading(): void {
    const { microseconds } = this.#options.line;
    this.#send({ RELOADING: "1", MONOTONIC_USEC: `${microseconds.call(this.#options.line)}` });
  }

  /** A reload is over, whatever came of it. */
  reloaded(): void {
    this.#send({ READY: "1" });
  }

  /** The daemon leaves in order. */
  stopping(): void {
    this.#send({ STOPPING: "1" });
  }

  #send(variables: Readonly<Record<string, string>>): boolean {
    if (Object.keys(variables).length === 0) return true;
    try {
      this.#options.line.send(variables);
      return true;
    } catch (error) {
      if (!this.#complained) this.#options.complain(messageOf(error));
      this.#complained = true;
      return false;
    }
  }
}

/**
 * How long the manager waits for this process's signs of life, from $WATCHDOG_USEC; undefined: it does not watch, or another
 * process ($WATCHDOG_PID). sd_watchdog_enabled(3).
 */
export function watchdogOf(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): Nanoseconds | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== `${pid}`) return undefined;
  if (!/^[1-9]\d{0,12}$/.test(WATCHDOG_USEC ?? "")) return undefined;
  return nanoseconds(Number(WATCHDOG_USEC) * 1000);
}
