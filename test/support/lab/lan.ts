/** A LAN for a test: one namespace with bridges, one per host, all removed afterwards. */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { demand, run } from "./command.ts";
import { LabHost, type Port } from "./lab_host.ts";
import { demolishLab, recordLab } from "./orphans.ts";

/** A host that differs from the rule. */
export interface HostOptions {
  readonly name: string;
  /** The first card's name; default "eth0". */
  readonly interface?: string;
  /**
   * The first card's address with prefix length; default: the next of the Lan's prefix; null: none.
   */
  readonly address?: string | null;
}

/** What {@link Lan.open} builds. */
export interface LanOptions {
  /** Names, or hosts that differ from the rule; the n-th gets the prefix's n-th address. */
  readonly hosts: readonly (string | HostOptions)[];
  /** Default "10.77.0.0/24". */
  readonly prefix?: string;
  /** Also fd77::1/64, fd77::2/64, ...; link-local ones are there in any case. Default false. */
  readonly ipv6?: boolean;
  /** A second card in every host, on a bridge of its own. */
  readonly second?: { readonly prefix: string; readonly interface: string };
  /** Close the Lan and exit (130, 143) when SIGINT or SIGTERM comes. Default false. */
  readonly closeOnSignal?: boolean;
}

interface Segment {
  readonly bridge: string;
  readonly prefix: string;
  readonly prefix6: string | undefined;
}

/**
 * A LAN in network namespaces. Needs root and iproute2. Close it with `await using` or
 * {@link Lan.close}.
 */
export class Lan implements AsyncDisposable {
  readonly #hosts: ReadonlyMap<string, LabHost>;
  readonly #onSignal = (signal: string): void => {
    this.closeNow();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  #open = true;

  private constructor(
    readonly id: string,
    readonly bridgeNamespace: string,
    readonly hosts: readonly LabHost[],
  ) {
    this.#hosts = new Map(hosts.map((host) => [host.name, host]));
  }

  /**
   * Builds the namespaces, bridges, cables and addresses. Rejects with ip's own words, and leaves
   * nothing behind then.
   */
  static async open(options: LanOptions): Promise<Lan> {
    const id = `fl-${randomBytes(4).toString("hex")}`;
    const segments = segmentsOf(options);
    const hosts = options.hosts.map((host, index) =>
      hostOf(id, typeof host === "string" ? { name: host } : host, index, segments, options)
    );
    const lan = new Lan(id, bridgeNamespaceOf(id), hosts);
    recordLab(id, lan.namespaces);
    if (options.closeOnSignal === true) {
      process.on("SIGINT", lan.#onSignal).on("SIGTERM", lan.#onSignal);
    }
    try {
      await build(lan, segments);
    } catch (cause) {
      await lan.close();
      throw cause;
    }
    return lan;
  }

  /** Everything `ip netns` shows of this Lan. */
  get namespaces(): readonly string[] {
    return [this.bridgeNamespace, ...this.hosts.map((host) => host.namespace)];
  }

  /** The host of this name; throws where there is none. */
  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`the lab has no host ${name}`);
    return host;
  }

  /** Kills what runs in the namespaces and deletes them. A second call does nothing. */
  async close(): Promise<void> {
    this.closeNow();
    await Promise.all(this.hosts.map((host) => host.childrenEnded()));
  }

  /** The same without waiting for the children's last words, for a process that is about to end. */
  closeNow(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const host of this.hosts) host.killChildren();
    demolishLab(this.id, this.namespaces);
    // Not before: Ctrl-C often comes twice, from the terminal and from the program that started us.
    process.off("SIGINT", this.#onSignal).off("SIGTERM", this.#onSignal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A dot, so that no host's name can collide. */
function bridgeNamespaceOf(id: string): string {
  return `${id}.lan`;
}

function segmentsOf(options: LanOptions): readonly [Segment, ...Segment[]] {
  const ipv6 = options.ipv6 === true;
  const first: Segment = {
    bridge: "br0",
    prefix: options.prefix ?? "10.77.0.0/24",
    prefix6: ipv6 ? "fd77::/64" : undefined,
  };
  if (options.second === undefined) return [first];
  return [
    first,
    { bridge: "br1", prefix: options.second.prefix, prefix6: ipv6 ? "fd78::/64" : undefined },
  ];
}

function hostOf(
  id: string,
  host: HostOptions,
  index: number,
  segments: readonly [Segment, ...Segment[]],
  options: LanOptions,
): LabHost {
  const [first, ...others] = segments;
  const standard = nthAddress(first.prefix, index + 1);
  const ports: [Port, ...Port[]] = [{
    interface: host.interface ?? "eth0",
    peer: `p${index}-0`,
    bridge: first.bridge,
    ipv4: host.address === undefined ? standard : host.address ?? undefined,
    ipv6: first.prefix6 === undefined ? undefined : nthAddress6(first.prefix6, index + 1),
  }];
  for (const [number, segment] of others.entries()) {
    ports.push({
      interface: options.second?.interface ?? "eth1",
      peer: `p${index}-${number + 1}`,
      bridge: segment.bridge,
      ipv4: nthAddress(segment.prefix, index + 1),
      ipv6: segment.prefix6 === undefined ? undefined : nthAddress6(segment.prefix6, index + 1),
    });
  }
  return new LabHost(host.name, `${id}-${host.name}`, bridgeNamespaceOf(id), ports);
}

/** "10.77.0.0/24", 2 -> "10.77.0.2/24". */
function nthAddress(prefix: string, n: number): string {
  const [base = "", length = "24"] = prefix.split("/");
  const value = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + n;
  return `${[24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".")}/${length}`;
}

/** "fd77::/64", 2 -> "fd77::2/64". */
function nthAddress6(prefix: string, n: number): string {
  const [base = "", length = "64"] = prefix.split("/");
  return `${base}${n.toString(16)}/${length}`;
}

/**
 * One `ip -batch` for everything that can be said from outside, then one child per host for what is
 * inside.
 */
async function build(lan: Lan, segments: readonly Segment[]): Promise<void> {
  await demand(["ip", "-batch", "-"], { input: outsideScript(lan, segments) });
  await Promise.all([
    inside(lan.bridgeNamespace, bridgeScript(lan, segments), "all/disable_ipv6", 1),
    // Without duplicate address detection an IPv6 address works at once, not after a second or two.
    ...lan.hosts.map((host) => inside(host.namespace, hostScript(host), "*/accept_dad", 0)),
  ]);
}

function outsideScript(lan: Lan, segments: readonly Segment[]): string {
  const bridges = lan.bridgeNamespace;
  return [
    ...lan.namespaces.map((namespace) => `netns add ${namespace}`),
    // Snooping would hold back multicast for minutes on a bridge without a querier.
    ...segments.map(({ bridge }) =>
      `link add ${bridge} netns ${bridges} type bridge mcast_snooping 0 forward_delay 0`
    ),
    ...lan.hosts.flatMap((host) =>
      host.ports.map((port) =>
        `link add ${port.peer} netns ${bridges} type veth ` +
        `peer name ${port.interface} netns ${host.namespace}`
      )
    ),
  ].join("\n");
}

function bridgeScript(lan: Lan, segments: readonly Segment[]): string {
  return [
    "link set lo up",
    ...segments.map(({ bridge }) => `link set ${bridge} up`),
    ...lan.hosts.flatMap((host) =>
      host.ports.map((port) => `link set ${port.peer} master ${port.bridge} up`)
    ),
  ].join("\n");
}

function hostScript(host: LabHost): string {
  return [
    "link set lo up",
    ...host.ports.flatMap((port) => [
      ...(port.ipv4 === undefined ? [] : [`addr add ${port.ipv4} brd + dev ${port.interface}`]),
      ...(port.ipv6 === undefined ? [] : [`addr add ${port.ipv6} dev ${port.interface} nodad`]),
      `link set ${port.interface} up`,
    ]),
  ].join("\n");
}

/**
 * Runs an ip script inside a namespace after writing a value to IPv6 switches there (a shell
 * pattern).
 */
async function inside(
  namespace: string,
  script: string,
  switches: string,
  value: number,
): Promise<void> {
  const path = `/proc/sys/net/ipv6/conf/${switches}`;
  // A kernel without IPv6 has no such file, and needs none.
  const shell = `for f in ${path}; do [ ! -w $f ] || echo ${value} > $f; done; exec ip -batch -`;
  const outcome = await run(["ip", "netns", "exec", namespace, "sh", "-c", shell], {
    input: script,
  });
  if (outcome.code !== 0) throw new Error(`in ${namespace}: ${outcome.stderr.trim()}`);
}
