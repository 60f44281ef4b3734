/** May floatip do what it has to? The capabilities of this process and of the daemon. */
import { usesLowPort } from "../../../config/plan/plan.ts";
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, unknown } from "../finding.ts";
import type { DaemonSeen } from "../environment.ts";

/** permissions */
export const permissions: DoctorCheck = {
  name: "permissions",
  needs: "nothing",
  async run({ plan }, environment) {
    const daemon = await environment.daemon();
    const pid = daemon.kind === "running" ? daemon.pid : undefined;
    const [own, running] = await Promise.all([
      environment.read("/proc/self/status"),
      pid === undefined ? undefined : environment.read(`/proc/${pid}/status`),
    ]);
    const least = Number(
      await environment.read("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024,
    );
    const low = plan !== undefined && usesLowPort(plan.node, least);
    return judgePermissions(own, running, daemon, environment.root, low);
  },
};

/** capabilities(7): bit and what for. */
interface Permission {
  readonly name: string;
  readonly bit: bigint;
  readonly purpose: string;
}

const NEEDED: readonly Permission[] = [
  { name: "CAP_NET_ADMIN", bit: 12n, purpose: "add and remove addresses" },
  { name: "CAP_NET_RAW", bit: 13n, purpose: "send and receive VRRP" },
];

/** For adverts by UDP. */
const LOW_PORT: Permission = {
  name: "CAP_NET_BIND_SERVICE",
  bit: 10n,
  purpose: "use a UDP port below 1024",
};

/**
 * By the texts of /proc/PID/status (proc_pid_status(5)) of this process and of the daemon. `lowPort`: its adverts go by UDP from a
 * port that is not everybody's.
 */
export function judgePermissions(
  own: string | undefined,
  running: string | undefined,
  daemon: DaemonSeen,
  root: boolean,
  lowPort = false,
): readonly Finding[] {
  const needed = lowPort ? [...NEEDED, LOW_PORT] : NEEDED;
  const lacking = missingIn(running, needed);
  if (lacking.length > 0) {
    const names = needed.map(({ name }) => name).join(" ");
    const fix = `give the unit AmbientCapabilities=${names}, or run it as root`;
    return [problem(`the daemon may not ${purposes(lacking)}`, "It cannot hold an address.", fix)];
  }
  const missing = missingIn(own, NEEDED);
  if (missing.length === 0) return [ok("floatip may hold addresses and speak VRRP here")];
  if (root) {
    return [problem(
      `root may not ${purposes(missing)} here`,
      "This is a container without these rights; floatip would not start in it.",
      "docker run --network host --cap-add NET_ADMIN --cap-add NET_RAW ...",
    )];
  }
  const what = `this user may not ${purposes(missing)}`;
  return [unknown(
    daemon.kind === "running" ? `${what}, the daemon may` : `${what}: some of this stays unknown`,
    "sudo floatip doctor",
  )];
}

function missingIn(
  status: string | undefined,
  needed: readonly Permission[],
): readonly Permission[] {
  const mask = /^CapEff:\s*([0-9a-fA-F]{1,16})$/m.exec(status ?? "")?.[1];
  if (mask === undefined) return [];
  const effective = BigInt(`0x${mask}`);
  return needed.filter(({ bit }) => (effective >> bit & 1n) === 0n);
}

function purposes(capabilities: readonly Permission[]): string {
  return capabilities.map(({ name, purpose }) => `${purpose} (${name})`).join(" and ");
}
