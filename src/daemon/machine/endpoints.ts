/**
 * Open sockets: exactly those that some virtual router needs, re-opened when their link is another
 * one.
 */
import { type Endpoint, type Host, HostError } from "../../host.ts";
import { formatIp } from "../../net/ip.ts";

/** Texts of endpoints that were asked for. */
const keys = new WeakMap<Endpoint, string>();

/** Text that is equal for equal endpoints. */
export function endpointKey(endpoint: Endpoint): string {
  const known = keys.get(endpoint);
  if (known !== undefined) return known;
  const where = endpoint.kind === "multicast" ? "" : formatIp(endpoint.source);
  const port = endpoint.kind === "udp" ? endpoint.port : "";
  const key = `${endpoint.kind} ${endpoint.family} ${endpoint.interface} ${where} ${port}`;
  keys.set(endpoint, key);
  return key;
}

/** An open endpoint, its link, and what needs it. */
interface Open<User> {
  readonly endpoint: Endpoint;
  readonly linkIndex: number | undefined;
  readonly users: Set<User>;
}

/** The open endpoints of a host. */
export class Endpoints<User> {
  readonly #open = new Map<string, Open<User>>();
  readonly #keyOf = new Map<User, string>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * `user` does not need what it has unless that is `endpoint` on the link with `linkIndex`: what
   * no user needs is closed.
   */
  release(user: User, endpoint?: Endpoint, linkIndex?: number): void {
    const key = this.#keyOf.get(user);
    const open = key === undefined ? undefined : this.#open.get(key);
    if (key === undefined || open === undefined) return;
    if (endpoint !== undefined && key === endpointKey(endpoint) && open.linkIndex === linkIndex) {
      return;
    }
    this.#keyOf.delete(user);
    open.users.delete(user);
    if (open.users.size > 0) return;
    this.#host.close(open.endpoint);
    this.#open.delete(key);
  }

  /**
   * `user` needs `endpoint`, which is opened unless it is open on that link. Answers the host's
   * refusal.
   */
  need(
    user: User,
    endpoint: Endpoint,
    linkIndex: number | undefined,
  ): "open" | "opened" | HostError {
    this.release(user, endpoint, linkIndex);
    const key = endpointKey(endpoint);
    const open = this.#open.get(key);
    if (open !== undefined && open.linkIndex === linkIndex) {
      open.users.add(user);
      this.#keyOf.set(user, key);
      return "open";
    }
    if (open !== undefined) this.#closeFor(open);
    if (endpoint.kind === "udp") this.#closeSamePort(endpoint);
    try {
      this.#host.open(endpoint);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return error;
    }
    this.#open.set(key, { endpoint, linkIndex, users: new Set([user]) });
    this.#keyOf.set(user, key);
    return "opened";
  }

  /** Closes all of them. */
  closeAll(): void {
    for (const open of this.#open.values()) this.#host.close(open.endpoint);
    this.#open.clear();
    this.#keyOf.clear();
  }

  /** A port of an address can be bound once: one on another link is what its users had before. */
  #closeSamePort({ source, port }: Extract<Endpoint, { kind: "udp" }>): void {
    const same = [...this.#open.values()].filter(({ endpoint: other }) =>
      other.kind === "udp" && other.port === port && formatIp(other.source) === formatIp(source)
    );
    for (const open of same) this.#closeFor(open);
  }

  #closeFor(open: Open<User>): void {
    this.#host.close(open.endpoint);
    this.#open.delete(endpointKey(open.endpoint));
    for (const user of open.users) this.#keyOf.delete(user);
  }
}
