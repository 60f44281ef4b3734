/** Which sockets are open? Exactly those that some virtual router needs, re-opened when their link is another one. */
import { type Endpoint, type Host, HostError } from "../host.ts";
import { formatIp } from "../net/ip.ts";

/** An endpoint that is needed, and the link it must be on. */
export interface Wanted {
  readonly endpoint: Endpoint;
  readonly linkIndex: number | undefined;
}

/** Text that is equal for equal endpoints. */
export function endpointKey(endpoint: Endpoint): string {
  const where = endpoint.kind === "multicast" ? "" : formatIp(endpoint.source);
  const port = endpoint.kind === "udp" ? endpoint.port : "";
  return `${endpoint.kind} ${endpoint.family} ${endpoint.interface} ${where} ${port}`;
}

/** The open endpoints of a host. */
export class Endpoints {
  readonly #open = new Map<string, Wanted>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Closes what nobody wants any more or what sits on a link that was replaced, then opens what is missing.
   * Returns the host's refusals by {@link endpointKey}.
   */
  settle(wanted: readonly Wanted[]): ReadonlyMap<string, HostError> {
    const wantedByKey = new Map(wanted.map((one) => [endpointKey(one.endpoint), one]));
    for (const [key, open] of this.#open) {
      if (wantedByKey.get(key)?.linkIndex === open.linkIndex) continue;
      this.#host.close(open.endpoint);
      this.#open.delete(key);
    }
    const refusals = new Map<string, HostError>();
    for (const [key, want] of wantedByKey) {
      if (this.#open.has(key)) continue;
      try {
        this.#host.open(want.endpoint);
        this.#open.set(key, want);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refusals.set(key, error);
      }
    }
    return refusals;
  }
}
