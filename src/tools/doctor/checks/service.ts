/** Does the service answer on the floating address, and not only on the machine's own? */
import type { CheckSettings } from "../../../health/check.ts";
import { formatIp, type Ip, isLoopback, parseIp } from "../../../net/ip.ts";
import type { Examination } from "../check.ts";
import { type Finding, ok, problem } from "../finding.ts";
import { type Listener, listenersFor, readListeners } from "../listeners.ts";
import { holdsNow, isOwn, type Placed, placedPlans, type Subject } from "../target.ts";
import type { Surroundings } from "../environment.ts";

/** service */
export const service: Examination = {
  name: "service",
  needs: "interface",
  async examine(subject, world) {
    const wanted = servicesOf(subject, world);
    if (wanted.length === 0) return [ok("no check names a port of this machine to look at")];
    const listeners = await listenersHere(world);
    const found = await Promise.all(wanted.map((one) => examineOne(one, listeners, world)));
    const seen = new Set<string>();
    return found.flat().filter(({ what }) => !seen.has(what) && seen.add(what));
  },
};

/** A port that clients of a floating address use. */
interface Service {
  readonly check: string;
  readonly transport: "tcp" | "udp";
  readonly port: number;
  readonly address: Ip;
  readonly plan: Placed;
}

/** The ports of this machine that the checks of each virtual router look at. */
export function servicesOf(
  subject: Subject,
  { interfaces }: Pick<Surroundings, "interfaces">,
): readonly Service[] {
  const checks = subject.plan?.node.checks ?? [];
  return placedPlans(subject).flatMap((plan) => {
    const here = (host: string): boolean => {
      const address = parseIp(host);
      if (address === undefined) return host === "localhost";
      const floating = plan.rules.addresses.some((one) => formatIp(one) === host);
      return floating || isLoopback(address) || isOwn(interfaces, address);
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
function endOf(
  { probe }: CheckSettings,
):
  | { readonly host: string; readonly port: number; readonly transport: "tcp" | "udp" }
  | undefined {
  if (probe.kind === "tcp") return { host: probe.host, port: probe.port, transport: "tcp" };
  if (probe.kind === "dns") return { host: probe.server, port: probe.port, transport: "udp" };
  if (probe.kind !== "http") return undefined;
  const url = new URL(probe.url);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port, transport: "tcp" };
}

async function listenersHere(world: Surroundings): Promise<readonly Listener[]> {
  const tables = ["tcp", "tcp6", "udp", "udp6"] as const;
  const texts = await Promise.all(tables.map((table) => world.read(`/proc/net/${table}`)));
  return tables.flatMap((table, index) => readListeners(texts[index] ?? "", table));
}

async function examineOne(
  wanted: Service,
  listeners: readonly Listener[],
  world: Surroundings,
): Promise<readonly Finding[]> {
  const { plan, address, transport, port } = wanted;
  const bound = judgeListeners(wanted, listeners);
  if (bound !== undefined) return [bound];
  const here = plan.held.some((held) => holdsNow(world.interfaces, held.interface, address));
  const place = `${formatIp(address)} port ${port}`;
  if (!here || transport === "udp") {
    return [ok(`${wanted.check}: port ${port} is open for ${formatIp(address)} too`)];
  }
  const refusal = await world.tryConnecting(address, port);
  if (refusal === undefined) return [ok(`${wanted.check}: ${place} answers`)];
  return [problem(
    `${wanted.check}: ${place} does not answer: ${refusal}`,
    "This node holds the address, and its clients reach nothing.",
    `look at the service's log, and at its listen address`,
  )];
}

/** A problem where nobody listens, or only on other addresses; undefined: all is well. */
export function judgeListeners(
  { check, transport, port, address }: Omit<Service, "plan">,
  listeners: readonly Listener[],
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
    "The check passes, and clients of the floating address reach nothing.",
    address.family === "ipv4"
      ? `have it listen on 0.0.0.0; or on ${text}, with sysctl -w net.ipv4.ip_nonlocal_bind=1`
      : `have it listen on [::]; or on ${text}, with sysctl -w net.ipv6.ip_nonlocal_bind=1`,
  );
}
