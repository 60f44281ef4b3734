/**
 * What systemd is told by sd_notify(3): ready, reloading, stopping, a line of status, and that the
 * loop turns.
 */
import type { InParts } from "../async.ts";
import { messageOf } from "../error.ts";
import type { InstanceStatus } from "../control/api.ts";
import type { Observer } from "../daemon/journal/record.ts";
import { after, type Instant, type Nanoseconds, nanoseconds } from "../time.ts";

/** The socket of sd_notify(3). */
export interface NotifySocket {
  /** Sends variables in one message, without waiting; may throw. */
  send(variables: Readonly<Record<string, string>>): void;
  /** CLOCK_MONOTONIC. */
  microseconds(): bigint;
}

/** What a {@link Systemd} is made of. */
export interface SystemdOptions {
  readonly line: NotifySocket;
  /** systemd kills a process that is silent for so long; undefined: never. */
  readonly watchdog: Nanoseconds | undefined;
  /** The instances of the status document, of this moment, made in parts. */
  instances(): InParts<readonly InstanceStatus[]>;
  /** Told once why systemd cannot be notified. */
  complain(text: string): void;
}

/** So much of a line of status is made in one turn, in milliseconds. */
const SLICE_MS = 2;

/**
 * The daemon as systemd sees it. {@link turn} alone feeds the watchdog, so that a loop that hangs
 * is noticed.
 */
export class Systemd implements Observer {
  readonly #options: SystemdOptions;
  #ready = false;
  #changed = true;
  /** What the line of status says, while it is made. */
  #making: InParts<readonly InstanceStatus[]> | undefined;
  #sentStatus = "";
  #fed: Instant | undefined;
  #complained = false;

  constructor(options: SystemdOptions) {
    this.#options = options;
  }

  /** A transition: the next turn tells of it. */
  observe(): void {
    this.#changed = true;
  }

  /** Called once in each turn of the daemon's loop; returns when it must be called again. */
  turn(now: Instant): Instant | undefined {
    const { watchdog } = this.#options;
    const due = watchdog !== undefined &&
      (this.#fed === undefined || now - this.#fed >= watchdog / 4);
    const status = this.#changed || due || this.#making !== undefined ? this.#status() : undefined;
    const sent = this.#send({
      ...(this.#ready || status === undefined ? {} : { READY: "1" }),
      ...(status === undefined || status === this.#sentStatus ? {} : { STATUS: status }),
      ...(due ? { WATCHDOG: "1" } : {}),
    });
    if (sent && due) this.#fed = now;
    if (status !== undefined) {
      if (sent) {
        this.#ready = true;
        this.#sentStatus = status;
      } else this.#changed = true;
    }
    if (this.#making !== undefined || (sent && this.#changed)) return now;
    return watchdog === undefined ? undefined : after(now, nanoseconds(watchdog / 2));
  }

  /** The line of status; undefined: it is still being made. */
  #status(): string | undefined {
    if (this.#making === undefined) this.#changed = false;
    this.#making ??= this.#options.instances();
    const began = performance.now();
    do {
      const { done, value } = this.#making.next();
      if (done === true) {
        this.#making = undefined;
        return statusLine(value);
      }
    } while (performance.now() - began < SLICE_MS);
    return undefined;
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
 * The watchdog's limit from $WATCHDOG_USEC; undefined: there is none, or it is another process's
 * ($WATCHDOG_PID). sd_watchdog_enabled(3).
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

/**
 * "web: master, holds 192.168.1.50/24; dns: backup of pi-b". Both families of an instance in one
 * state are named once.
 */
export function statusLine(instances: readonly InstanceStatus[]): string {
  return [...new Set(instances.map(instanceText))].join("; ");
}

function instanceText(instance: InstanceStatus): string {
  const { name, state, addresses, master, faults, health, cause } = instance;
  switch (state) {
    case "master":
      return `${name}: master, ${health === "two" ? "HELD TWICE" : "holds"} ${addresses.join(" ")}`;
    case "backup":
      return `${name}: backup${master === null ? "" : ` of ${master.node}`}`;
    case "fault":
      return `${name}: fault, ${faults.join(", ")}`;
    case "init":
      return `${name}: not started: ${cause}`;
  }
}
