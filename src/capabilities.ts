/** The capabilities that the daemon needs (capabilities(7)), and which of them this process has. */

/** What floatip needs, what for, and what is without. */
export const NEEDED = {
  CAP_NET_ADMIN: {
    bit: 12,
    purpose: "add and remove addresses",
    without: "`floatip run` needs it and would not start.",
  },
  CAP_NET_RAW: {
    bit: 13,
    purpose: "send and receive VRRP",
    without: "`floatip run` needs it and would not start.",
  },
  /** Only where adverts, or those of [cluster], go by UDP from a port below 1024. */
  CAP_NET_BIND_SERVICE: {
    bit: 10,
    purpose: "use a UDP port below 1024",
    without: '`floatip run` needs it for transport = "udp", whose instance would stay in fault, ' +
      "and for [cluster], whose port would stay closed.",
  },
} as const;

/** One that floatip needs. */
export type Capability = keyof typeof NEEDED;

/**
 * Those of `wanted` that are not effective by `processStatus`, the text of /proc/PID/status
 * (proc_pid_status(5)). None where the text does not say: the kernel will, then.
 */
export function missingFrom(
  processStatus: string,
  wanted: readonly Capability[],
): readonly Capability[] {
  const mask = /^CapEff:\s*([0-9a-fA-F]{1,16})$/m.exec(processStatus)?.[1];
  if (mask === undefined) return [];
  const effective = BigInt(`0x${mask}`);
  return wanted.filter((name) => (effective >> BigInt(NEEDED[name].bit) & 1n) === 0n);
}

/** {@link missingFrom} for this process. */
export function missingCapabilities(wanted: readonly Capability[]): readonly Capability[] {
  try {
    return missingFrom(Deno.readTextFileSync("/proc/self/status"), wanted);
  } catch {
    return [];
  }
}

/**
 * How to come by `missing` for `floatip COMMAND`. Root has every right, but not in a container or
 * unit that took some away.
 */
export function capabilityHint(
  missing: readonly Capability[],
  command: string,
  uid: number | null = Deno.uid(),
): string {
  if (uid !== 0) {
    const service = command === "run" ? "; or by systemd: `systemctl start floatip`" : "";
    return `Run it as root: \`sudo floatip ${command}\`${service}.`;
  }
  const short = missing.map((name) => name.replace("CAP_", ""));
  const flags = short.map((name) => `--cap-add ${name}`).join(" ");
  return `This is root without that right. A container needs ${flags}; ` +
    `a unit must leave ${missing.join(" and ")} in CapabilityBoundingSet=.`;
}

/** "add and remove addresses (CAP_NET_ADMIN) and send and receive VRRP (CAP_NET_RAW)". */
export function purposesOf(capabilities: readonly Capability[]): string {
  return capabilities.map((name) => `${NEEDED[name].purpose} (${name})`).join(" and ");
}
