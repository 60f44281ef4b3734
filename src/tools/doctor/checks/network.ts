/** Checks of the network: interfaces, other network managers, kernel settings. */
import { advertLink } from "../../../config/plan/plan.ts";
import { answeringArp, isArpIgnored } from "../../../net/arp_ignore.ts";
import { addressesOf, type Interfaces, linkNamed } from "../../../net/interfaces.ts";
import { formatIp, type Ip } from "../../../net/ip.ts";
import { containsIp, formatPrefix } from "../../../net/prefix.ts";
import { type DoctorCheck, type Finding, ok, problem, warning } from "../check.ts";
import type { Environment } from "../environment.ts";
import { type DoctorTarget, interfacesOf, type PlacedPlan, placedPlans } from "../target.ts";

/** Each interface: there, up, with carrier, with the address that peers expect. */
export const interfaces: DoctorCheck = {
  name: "interface",
  needs: "file",
  run: (target, environment) => Promise.resolve(judgeInterfaces(target, environment.interfaces)),
};

/** What of the file does not fit this machine, then the state of each link. */
function judgeInterfaces(target: DoctorTarget, machine: Interfaces): readonly Finding[] {
  const unfit = target.problems.filter(({ severity }) => severity === "machine");
  return [
    ...unfit.map(({ what, why, fix }) => problem(what, why, fix)),
    ...interfacesOf(target).flatMap((name) => judgeLink(name, machine)),
  ];
}

function judgeLink(name: string, machine: Interfaces): readonly Finding[] {
  const link = linkNamed(machine, name);
  // That it is missing is among the problems above.
  if (link === undefined) return [];
  if (!link.up) {
    return [problem(`${name} is switched off`, "Nothing arrives on it.", `ip link set ${name} up`)];
  }
  if (!link.running) {
    return [problem(
      `${name} has no carrier`,
      "No cable, no access point, or the other end is off: the node is in fault.",
      "plug the cable in, or look at the switch's port",
    )];
  }
  const own = addressesOf(machine, link).filter(({ ours, prefix }) =>
    !ours && prefix.address.family === "ipv4"
  );
  const has = own.map(({ prefix }) => formatPrefix(prefix)).join(", ");
  return [ok(`${name} is up${has === "" ? "" : ` with ${has}`}`)];
}

/** Other programs that manage the addresses of this machine. */
export const manager: DoctorCheck = {
  name: "network manager",
  needs: "interface",
  async run(target, environment) {
    const names = interfacesOf(target);
    const perInterface = await Promise.all(names.map(async (name) => [
      ...await examineNetworkd(name, environment),
      ...await examineNetworkManager(name, environment),
    ]));
    const found = [...await examineFiles(target, environment), ...perInterface.flat()];
    if (found.length > 0) return found;
    return [ok("no other program manages the floating addresses")];
  },
};

async function examineNetworkd(
  name: string,
  environment: Environment,
): Promise<readonly Finding[]> {
  const index = linkNamed(environment.interfaces, name)?.index;
  const state = await environment.read(`/run/systemd/netif/links/${index}`);
  const file = valueOf(state, "NETWORK_FILE");
  if (state === undefined || file === undefined) return [];
  const dropIns = (valueOf(state, "NETWORK_FILE_DROPINS") ?? "").split(" ").filter(Boolean);
  const texts = await Promise.all([file, ...dropIns].map((path) => environment.read(path)));
  return [judgeNetworkd(name, state, file, texts.map((text) => text ?? ""))];
}

/** `state`: /run/systemd/netif/links/N; `texts`: the .network file and its drop-ins. */
export function judgeNetworkd(
  name: string,
  state: string,
  file: string,
  texts: readonly string[],
): Finding {
  const administered = valueOf(state, "ADMIN_STATE") ?? "";
  if (["unmanaged", "linger"].includes(administered)) {
    return ok(`systemd-networkd leaves ${name} alone`);
  }
  const keeps = texts.map((text) => valueOf(text, "KeepConfiguration")).findLast((value) =>
    value !== undefined
  );
  if (["yes", "true", "1", "on", "static"].includes((keeps ?? "").toLowerCase())) {
    return ok(`systemd-networkd manages ${name} and keeps foreign addresses`);
  }
  const base = file.slice(file.lastIndexOf("/") + 1);
  const folder = `/etc/systemd/network/${base}.d`;
  return warning(
    `systemd-networkd manages ${name}, and may remove the floating address when it restarts`,
    "floatip adds it again at once, but clients notice.",
    `mkdir -p ${folder}; printf '[Network]\\nKeepConfiguration=static\\n' > ` +
      `${folder}/floatip.conf; networkctl reload`,
  );
}

async function examineNetworkManager(
  name: string,
  environment: Environment,
): Promise<readonly Finding[]> {
  const fields = "GENERAL.STATE,GENERAL.NM-MANAGED,GENERAL.CONNECTION";
  const asked = await environment.ask(["nmcli", "-t", "-f", fields, "device", "show", name]);
  return asked?.code === 0 ? judgeNetworkManager(name, asked.stdout) : [];
}

/** `shown`: GENERAL.STATE, GENERAL.NM-MANAGED and GENERAL.CONNECTION by `nmcli -t device show`. */
export function judgeNetworkManager(name: string, shown: string): readonly Finding[] {
  const value = (key: string) => new RegExp(`^GENERAL\\.${key}:(.*)$`, "m").exec(shown)?.[1] ?? "";
  const managed = value("NM-MANAGED") === "yes" ||
    (value("NM-MANAGED") === "" && !value("STATE").startsWith("10"));
  if (!managed) return [ok(`NetworkManager leaves ${name} alone`)];
  // It removes foreign addresses only when it activates the connection: the node is in fault then.
  return [ok(
    `NetworkManager manages ${name}: when it activates the connection again, floatip adds the ` +
      "address again at once",
  )];
}

/** Folders in which addresses are configured, and the pattern of their files. */
const PLACES: readonly (readonly [string, RegExp])[] = [
  ["/etc/network/interfaces.d", /./],
  ["/etc/systemd/network", /\.network$/],
  ["/etc/netplan", /\.ya?ml$/],
  ["/etc/NetworkManager/system-connections", /\.nmconnection$/],
  ["/etc/sysconfig/network-scripts", /^ifcfg-/],
];
const FILES = ["/etc/network/interfaces", "/etc/dhcpcd.conf"];

async function examineFiles(
  target: DoctorTarget,
  environment: Environment,
): Promise<readonly Finding[]> {
  const addresses = placedPlans(target).flatMap(({ rules }) => rules.addresses.map(formatIp));
  const inFolders = await Promise.all(
    PLACES.map(async ([folder, pattern]) =>
      (await environment.list(folder)).filter((name) => pattern.test(name)).map((name) =>
        `${folder}/${name}`
      )
    ),
  );
  const files = [...FILES, ...inFolders.flat()];
  const texts = await Promise.all(files.map((file) => environment.read(file)));
  return files.flatMap((file, index) => judgeFile(file, texts[index] ?? "", addresses));
}

/** A file that configures a floating address: the machine then always has it. */
export function judgeFile(
  file: string,
  text: string,
  addresses: readonly string[],
): readonly Finding[] {
  const active = text.split("\n").filter((line) => !/^\s*[#;]/.test(line)).join("\n");
  return addresses.filter((address) => {
    const pattern = address.replaceAll(".", "\\.");
    return new RegExp(`(?<![0-9a-fA-F.:])${pattern}(?![0-9a-fA-F.:])`).test(active);
  }).map((address) =>
    problem(
      `${file} puts ${address} on this machine for good`,
      "This node has it from boot on, master or not: two machines hold it.",
      `remove ${address} from ${file}`,
    )
  );
}

/** The last value of KEY=... in a text of lines; undefined: not there. */
function valueOf(text: string | undefined, key: string): string | undefined {
  const found = text?.split("\n").findLast((line) => line.trim().startsWith(`${key}=`));
  return found?.slice(found.indexOf("=") + 1).trim() || undefined;
}

/** Kernel settings for reverse paths and ARP. */
export const kernel: DoctorCheck = {
  name: "kernel settings",
  needs: "interface",
  async run(target, environment) {
    const plans = placedPlans(target).filter(({ family }) => family === "ipv4");
    const found = await Promise.all(plans.map(async (plan) => {
      const [settings, routes] = await Promise.all([
        settingsOf(plan.interface, environment),
        routesTo(plan.rules.peers, environment),
      ]);
      return judgeKernel(plan, settings, routes, environment.interfaces);
    }));
    const seen = new Set<string>();
    const unique = found.flat().filter(({ what }) => !seen.has(what) && seen.add(what));
    return unique.length > 0 ? unique : [ok("ARP and reverse path settings fit")];
  },
};

/** Effective for an interface: the larger of its own value and that of "all". */
interface KernelSettings {
  readonly rp_filter: number;
  readonly arp_ignore: number;
  readonly arp_announce: number;
}

const NAMES = ["rp_filter", "arp_ignore", "arp_announce"] as const;

async function settingsOf(name: string, environment: Environment): Promise<KernelSettings> {
  const values = await Promise.all(NAMES.map(async (setting) => {
    const texts = await Promise.all(
      ["all", name].map((place) => environment.read(`/proc/sys/net/ipv4/conf/${place}/${setting}`)),
    );
    return Math.max(...texts.map((text) => Number(text ?? "0") || 0));
  }));
  const [rp_filter = 0, arp_ignore = 0, arp_announce = 0] = values;
  return { rp_filter, arp_ignore, arp_announce };
}

/** The interface of the route to each peer. */
type Routes = ReadonlyMap<string, string>;

async function routesTo(peers: readonly Ip[], environment: Environment): Promise<Routes> {
  const found = await Promise.all(peers.map(async (peer) => {
    const asked = await environment.ask(["ip", "route", "get", formatIp(peer)]);
    const device = / dev (\S+)/.exec(asked?.stdout ?? "")?.[1];
    return asked?.code === 0 && device !== undefined ? [[formatIp(peer), device] as const] : [];
  }));
  return new Map(found.flat());
}

/** For one IPv4 router. */
function judgeKernel(
  plan: PlacedPlan,
  settings: KernelSettings,
  routes: Routes,
  interfaces: Interfaces,
): readonly Finding[] {
  return [
    // Adverts that come in elsewhere, by a tunnel for example, have the settings of that interface.
    ...(advertLink(plan, interfaces) === plan.interface
      ? judgeReversePath(plan, settings, routes)
      : []),
    ...judgeArpReplies(plan, settings),
    ...judgeNeighbours(plan, settings, interfaces),
  ];
}

/** Strict: the kernel drops a packet where the route to its sender is by another interface. */
function judgeReversePath(
  { interface: name }: PlacedPlan,
  { rp_filter }: KernelSettings,
  routes: Routes,
): readonly Finding[] {
  if (rp_filter !== 1) return [];
  const astray = [...routes].filter(([, device]) => device !== name && device !== "lo");
  return astray.map(([peer, device]) =>
    problem(
      `adverts of ${peer} on ${name} are dropped: rp_filter is strict, and the route back is ` +
        device,
      "This node does not hear its peer, and takes the address while the peer holds it.",
      `sysctl -w net.ipv4.conf.${name}.rp_filter=2`,
    )
  );
}

function judgeArpReplies(plan: PlacedPlan, { arp_ignore }: KernelSettings): readonly Finding[] {
  const mute = plan.virtualAddresses.filter(({ prefix }) => isArpIgnored(arp_ignore, prefix));
  return mute.map(({ interface: name, prefix }) =>
    problem(
      `arp_ignore is ${arp_ignore} for ${name}: ARP for ${
        formatIp(prefix.address)
      } is not answered`,
      "No client finds the address while this node holds it.",
      answeringArp(name),
    )
  );
}

/** Another interface on the same LAN answers for the address too, with its own hardware address. */
function judgeNeighbours(
  plan: PlacedPlan,
  { arp_ignore, arp_announce }: KernelSettings,
  interfaces: Interfaces,
): readonly Finding[] {
  const rivals = plan.virtualAddresses.flatMap(({ interface: name, prefix: { address } }) => {
    const link = linkNamed(interfaces, name);
    return interfaces.links.filter((other) =>
      other.index !== link?.index && other.up && other.running && !other.loopback &&
      addressesOf(interfaces, other).some(({ ours, prefix }) =>
        !ours && containsIp(prefix, address)
      )
    ).map((other) => ({ name, rival: other.name, address: formatIp(address) }));
  });
  return rivals.flatMap(({ name, rival, address }) => [
    ...(arp_ignore > 0 ? [] : [warning(
      `${rival} is on the same LAN as ${name}, and answers ARP for ${address} too`,
      "Clients learn either hardware address, by chance (arp_ignore is 0).",
      "sysctl -w net.ipv4.conf.all.arp_ignore=1",
    )]),
    ...(arp_announce > 1 ? [] : [warning(
      `${rival} is on the same LAN as ${name}, and sends ARP with the addresses of ${name}`,
      `Neighbours learn the MAC of ${rival} for them (arp_announce is ${arp_announce}).`,
      "sysctl -w net.ipv4.conf.all.arp_announce=2",
    )]),
  ]);
}
