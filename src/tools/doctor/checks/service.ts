/** Check of the services: whether they answer on the floating addresses too. */
import type { CheckSettings } from "../../../config/tables/check.ts";
import {
  formatIp,
  type Ip,
  ipFromBytes,
  isLoopback,
  isUnspecified,
  parseIp,
  sameIp,
} from "../../../net/ip.ts";
import { type DoctorCheck, type Finding, ok, problem } from "../check.ts";
import type { Environment } from "../environment.ts";
import {
  type DoctorTarget,
  holdsNow,
  isOwnAddress,
  type PlacedPlan,
  placedPlans,
} from "../target.ts";

/** Whether the ports that health checks look at answer on the floating addresses. */
export const service: DoctorCheck = {
  name: "service",
  needs: "interface",
  async run(target, environment) {
    const wanted = servicePortsOf(target, environment);
    if (wanted.length === 0) return [ok("no check names a port of this machine to look at")];
    const listeners = await listenersHere(environment);
    const found = await Promise.all(wanted.map((one) => examineOne(one, listeners, environment)));
    const seen = new Set<string>();
    return found.flat().filter(({ what }) => !seen.has(what) && seen.add(what));
  },
};

/** A port that clients of a floating address use. */
interface ServicePort {
  readonly check: string;
  readonly transport: "tcp" | "udp";
  readonly port: number;
  readonly address: Ip;
  readonly plan: PlacedPlan;
}

/** The ports of this machine that the checks of each virtual router look at. */
function servicePortsOf(
  target: DoctorTarget,
  { interfaces }: Pick<Environment, "interfaces">,
): readonly ServicePort[] {
  const checks = target.plan?.node.checks ?? [];
  return placedPlans(target).flatMap((plan) => {
    const here = (host: string): boolean => {
      const address = parseIp(host);
      if (address === undefined) return host === "localhost";
      const floating = plan.rules.addresses.some((one) => formatIp(one) === host);
      return floating || isLoopback(address) || isOwnAddress(interfaces, address);
    };
    return checks.filter(({ name }) => plan.checks.includes(name)).flatMap((check) => {
      const end = endOf(check);
      if (end === undefined || !here(end.host)) return [];
      const { transport, port } = end;
      return plan.rules.addresses.map((address) => ({
        check: check.name,
        transport,
        port,
        address,
        plan,
      }));
    });
  });
}

/** Host, port and transport of a probe that has them. */
function endOf({ probe }: CheckSettings):
  | { readonly host: string; readonly port: number; readonly transport: "tcp" | "udp" }
  | undefined {
  if (probe.kind === "tcp") return { ...probe.target, transport: "tcp" };
  if (probe.kind === "dns") return { ...probe.server, transport: "udp" };
  if (probe.kind !== "http") return undefined;
  const url = new URL(probe.url);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port, transport: "tcp" };
}

async function listenersHere(environment: Environment): Promise<readonly ListeningSocket[]> {
  const tables = ["tcp", "tcp6", "udp", "udp6"] as const;
  const texts = await Promise.all(tables.map((table) => environment.read(`/proc/net/${table}`)));
  return tables.flatMap((table, index) => readListeners(texts[index] ?? "", table));
}

async function examineOne(
  wanted: ServicePort,
  listeners: readonly ListeningSocket[],
  environment: Environment,
): Promise<readonly Finding[]> {
  const { plan, address, transport, port } = wanted;
  const bound = judgeListeners(wanted, listeners);
  if (bound !== undefined) return [bound];
  const here = plan.virtualAddresses.some((held) =>
    holdsNow(environment.interfaces, held.interface, address)
  );
  const place = `${formatIp(address)} port ${port}`;
  if (!here || transport === "udp") {
    return [ok(`${wanted.check}: port ${port} is open for ${formatIp(address)} too`)];
  }
  const refusal = await environment.tryConnecting(address, port);
  if (refusal === undefined) return [ok(`${wanted.check}: ${place} answers`)];
  return [problem(
    `${wanted.check}: ${place} does not answer: ${refusal}`,
    "This node holds the address, and clients do not reach the service.",
    "look at the log of the service, and at its listen address",
  )];
}

/** A problem where nothing listens, or only on other addresses; undefined: neither. */
function judgeListeners(
  { check, transport, port, address }: Omit<ServicePort, "plan">,
  listeners: readonly ListeningSocket[],
): Finding | undefined {
  const found = listeners.filter((one) => one.transport === transport && one.port === port);
  const text = formatIp(address);
  if (found.length === 0) {
    return problem(
      `${check}: nothing listens on ${transport} port ${port} of this machine`,
      "The service is not running: the check is down.",
      "start the service, or correct the check's port",
    );
  }
  if (listenersFor(found, address).length > 0) return undefined;
  const places = found.map(({ address: own }) => formatIp(own)).join(", ");
  return problem(
    `${check}: port ${port} listens on ${places} only, not on ${text}`,
    "The check passes, but clients of the floating address do not reach the service.",
    address.family === "ipv4"
      ? `let it listen on 0.0.0.0; or on ${text}, with sysctl -w net.ipv4.ip_nonlocal_bind=1`
      : `let it listen on [::]; or on ${text}, with sysctl -w net.ipv6.ip_nonlocal_bind=1`,
  );
}

/** A socket that accepts clients. */
interface ListeningSocket {
  readonly transport: "tcp" | "udp";
  readonly address: Ip;
  readonly port: number;
}

/** TCP_LISTEN; for UDP TCP_CLOSE, "not connected" (linux/net_tcp_states.h). */
const WAITING = { tcp: "0A", udp: "07" } as const;

/** Reads one table; other lines are left out. */
export function readListeners(
  text: string,
  table: "tcp" | "tcp6" | "udp" | "udp6",
): readonly ListeningSocket[] {
  const transport = table.startsWith("tcp") ? "tcp" : "udp";
  return text.split("\n").flatMap((line) => {
    const match = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line);
    const [, address = "", port = "", state] = match ?? [];
    if (state !== WAITING[transport]) return [];
    return [{ transport, address: addressIn(address), port: parseInt(port, 16) }];
  });
}

/** The sockets that a client of `address` reaches. */
export function listenersFor(
  listeners: readonly ListeningSocket[],
  address: Ip,
): readonly ListeningSocket[] {
  return listeners.filter(({ address: own }) =>
    sameIp(own, address) ||
    // A socket on :: accepts IPv4 too, unless IPV6_V6ONLY is set, which the table does not show.
    isUnspecified(own) && (own.family === address.family || own.family === "ipv6")
  );
}

/** Numbers of 4 bytes in host byte order: little-endian on x86-64 and arm64. */
function addressIn(hex: string): Ip {
  const bytes = Uint8Array.fromHex(hex);
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return ipFromBytes(bytes);
}
