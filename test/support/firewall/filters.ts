/** Packet filters for machines of the lab: four programs, each with a policy that drops. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { until } from "../until.ts";
import { demand, type Outcome, run } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import type { FirewallFormat } from "../../../src/tools/firewall/format_names.ts";

/** A machine behind its filter. */
export interface Filtered {
  readonly host: LabHost;
  /** Runs words where the filter's own program sees its own files. */
  exec(argv: readonly string[]): Promise<Outcome>;
}

/** How one program is set up, and what has to be there. */
export interface Filter {
  readonly format: FirewallFormat;
  readonly programs: readonly string[];
  /** Does it drop what goes out too? */
  readonly outgoing: boolean;
  start(host: LabHost, stack: AsyncDisposableStack): Promise<Filtered>;
}

const NFT_RULES = `table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport { 22, 80 } accept
  }
  chain output { type filter hook output priority filter; policy drop; }
}
`;

/** All of them. */
export const FILTERS: readonly Filter[] = [
  {
    format: "nft",
    programs: ["nft"],
    outgoing: true,
    async start(host) {
      await demand(host.argv(["nft", "-f", "-"]), { input: NFT_RULES });
      return plain(host);
    },
  },
  {
    format: "iptables",
    programs: ["iptables", "ip6tables"],
    outgoing: true,
    async start(host) {
      for (const program of ["iptables", "ip6tables"]) {
        await demand(host.argv([program, "-A", "INPUT", "-p", "tcp", "-j", "ACCEPT"]));
        await demand(host.argv([program, "-P", "INPUT", "DROP"]));
        await demand(host.argv([program, "-P", "OUTPUT", "DROP"]));
      }
      return plain(host);
    },
  },
  { format: "ufw", programs: ["ufw"], outgoing: false, start: startUfw },
  {
    format: "firewalld",
    programs: ["firewalld", "firewall-cmd", "dbus-daemon"],
    outgoing: false,
    start: startFirewalld,
  },
];

function plain(host: LabHost): Filtered {
  return { host, exec: (argv) => host.exec(argv) };
}

/** A folder that is gone afterwards. */
function scratch(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync("/tmp/fl-filter-");
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** ufw keeps its rules in /etc: a mount namespace shows it copies there. */
async function startUfw(host: LabHost, stack: AsyncDisposableStack): Promise<Filtered> {
  const folder = scratch(stack);
  await demand(["cp", "-a", "/etc/ufw", `${folder}/ufw`]);
  await demand(["cp", "-a", "/etc/default/ufw", `${folder}/default`]);
  writeFileSync(
    `${folder}/inside`,
    [
      "set -e",
      `mount --bind ${folder}/ufw /etc/ufw`,
      `mount --bind ${folder}/default /etc/default/ufw`,
      // Its lock is one for the whole machine, and the other node's ufw may hold it.
      "mount -t tmpfs none /run/lock 2>/dev/null || true",
      'exec "$@"',
    ].join("\n"),
  );
  const exec = (argv: readonly string[]) =>
    host.exec(["unshare", "-m", "sh", `${folder}/inside`, ...argv]);
  const enabled = await exec(["ufw", "--force", "enable"]);
  if (enabled.code !== 0) throw new Error(`ufw: ${enabled.stdout}${enabled.stderr}`);
  return { host, exec };
}

/**
 * firewalld is a daemon on the system bus: both live in a mount namespace with an empty
 * /etc/firewalld.
 */
async function startFirewalld(host: LabHost, stack: AsyncDisposableStack): Promise<Filtered> {
  const folder = scratch(stack);
  const script = [
    "mkdir -p /run/dbus",
    "mount -t tmpfs none /run/dbus",
    "mount -t tmpfs none /etc/firewalld",
    "mkdir -p /etc/firewalld/zones",
    "dbus-daemon --system --nofork --nopidfile &",
    "while ! [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done",
    `exec firewalld --nofork --nopid --log-file ${folder}/log`,
  ].join("\n");
  const daemon = host.spawn(["unshare", "-m", "sh", "-c", script], { output: "ignore" });
  const exec = (argv: readonly string[]) =>
    run(["nsenter", "-t", String(daemon.pid), "-m", "-n", ...argv]);
  await until(
    "firewalld runs",
    async () => (await exec(["firewall-cmd", "--state"])).stdout.startsWith("running"),
    30_000,
  );
  return { host, exec };
}
