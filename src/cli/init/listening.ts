/** The VRIDs and addresses in use on the LAN, found while the user answers questions. */
import type { HeardAdvert, LanQuery, LanSeen } from "../../tools/doctor/environment.ts";
import type { Endpoint } from "../../host.ts";
import { formatIp } from "../../net/ip.ts";
import { type Nanoseconds, toMilliseconds } from "../../time.ts";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { watchLan } from "../lan.ts";
import { rewriteLine } from "../screen.ts";
import type { Terminal } from "../terminal.ts";

/** How often the line of progress is written again. */
const REDRAW_MS = 100;

/** A time of listening that has begun. */
export class Listening {
  readonly #seen: Promise<LanSeen>;
  readonly #interface: string;
  readonly #end: number;
  readonly #heard = new Map<number, string>();

  /** Begins at once, on the interface called `name`. */
  constructor(
    terminal: Terminal,
    name: string,
    time: Nanoseconds,
    questions: readonly LanQuery[],
  ) {
    const length = toMilliseconds(time) / 1000;
    terminal.error(`listening on ${name} for ${length} s: which VRIDs and addresses are in use\n`);
    this.#interface = name;
    this.#end = performance.now() + time / 1e6;
    // Joined, so that a switch that snoops sends the group's packets here too.
    const endpoints: readonly Endpoint[] = (["ipv4", "ipv6"] as const).map((family) => ({
      kind: "multicast",
      family,
      interface: name,
    }));
    const hear = (advert: HeardAdvert) => this.#hear(advert);
    this.#seen = watchLan({ time, questions, endpoints, ports: [DEFAULT_UDP_PORT], hear });
  }

  /**
   * What was seen, once the time is over; until then a line on the terminal counts what is left of
   * it.
   */
  async result(terminal: Terminal): Promise<LanSeen> {
    if (!Deno.stderr.isTerminal()) return await this.#seen;
    const draw = () => rewriteLine(terminal, this.#line());
    draw();
    const timer = setInterval(draw, REDRAW_MS);
    try {
      return await this.#seen;
    } finally {
      clearInterval(timer);
      rewriteLine(terminal, "");
    }
  }

  #line(): string {
    const left = Math.max(0, this.#end - performance.now()) / 1000;
    const heard = [...this.#heard].toSorted(([a], [b]) => a - b).map(([vrid, who]) =>
      `VRID ${vrid} (${who})`
    );
    const found = heard.length === 0 ? "none so far" : heard.join(", ");
    return `listening on ${this.#interface} for other VRRP: ${found}; ${left.toFixed(1)} s left`;
  }

  #hear({ interface: name, source, advert }: HeardAdvert): void {
    if (name === this.#interface) this.#heard.set(advert.vrid, formatIp(source));
  }
}
