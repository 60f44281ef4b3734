/** Requests of the control socket as commands to the daemon, and their answers. */
import type { HandoverAnswer, MaintenanceAnswer, RestartAnswer } from "../control/api.ts";
import type { ControlAnswers } from "../control/server.ts";
import type { HandoverRequest, MaintenanceRequest } from "../control/requests.ts";
import type { Command, CommandTaker } from "../daemon/command.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { milliseconds, type WallTime } from "../time.ts";

const ENDING = "the daemon is stopping";

/** The part of the daemon that commands go to. */
type Orderable = CommandTaker & Pick<Daemon, "isInMaintenance">;

/** Submits commands; at the end, requests that still wait are answered. */
export class Commands {
  readonly #daemon: Orderable;
  readonly #ended = Promise.withResolvers<void>();

  constructor(daemon: Orderable) {
    this.#daemon = daemon;
  }

  /** What the control socket asks for. */
  answers(): Pick<ControlAnswers, "handOver" | "maintain" | "restart"> {
    return {
      handOver: (request) => this.#handOver(request),
      maintain: (request) => this.#maintain(request),
      restart: () => this.#restart(),
    };
  }

  get isInMaintenance(): boolean {
    return this.#daemon.isInMaintenance;
  }

  /** Maintenance as a switch of Home Assistant asks for it: until it is switched off. */
  byMqtt(on: boolean): Promise<MaintenanceAnswer> {
    return this.#maintain({ on, reason: "ordered by MQTT", forMs: undefined, force: false });
  }

  /** The daemon takes no more commands. */
  end(): void {
    this.#ended.resolve();
  }

  #handOver(request: HandoverRequest): Promise<HandoverAnswer> {
    const { instance, back, to, forMs } = request;
    const forTime = forMs === undefined ? undefined : milliseconds(forMs);
    return this.#ask<HandoverAnswer>(
      (reply) =>
        back
          ? { kind: "take-back", instance, reply }
          : { kind: "handover", instance, to, forTime, reply },
      { instance, outcome: "gone", words: ENDING, routers: [] },
    );
  }

  #maintain({ on, reason, forMs, force }: MaintenanceRequest): Promise<MaintenanceAnswer> {
    const since = Date.now() as WallTime;
    const until = forMs === undefined ? undefined : (since + forMs) as WallTime;
    const wanted = on ? { since, until, reason } : undefined;
    return this.#ask<MaintenanceAnswer>(
      (reply) => ({ kind: "maintenance", wanted, force, reply }),
      { outcome: "refused", words: ENDING, maintenance: null, saved: true, routers: [] },
    );
  }

  /** Refused where the daemon would not be started again. */
  #restart(): Promise<RestartAnswer> {
    // Every process of a unit has it (systemd.exec(5)).
    if (Deno.env.get("INVOCATION_ID") === undefined) {
      const words = "systemd did not start this daemon, and nothing would start it again";
      return Promise.resolve({ restarting: false, words });
    }
    return this.#ask<RestartAnswer>(
      (reply) => ({ kind: "restart", reply }),
      { restarting: false, words: ENDING },
    );
  }

  #ask<Answer>(
    commandFor: (reply: (answer: Answer) => void) => Command,
    last: Answer,
  ): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#daemon.submit(commandFor(resolve));
    return Promise.race([promise, this.#ended.promise.then(() => last)]);
  }
}
