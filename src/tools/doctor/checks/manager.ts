/** Does another program care for the same addresses? networkd, NetworkManager, or a file that puts them there at boot. */
import { formatIp } from "../../../net/ip.ts";
import { linkNamed } from "../../../net/interfaces.ts";
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { type DoctorTarget, interfacesOf, placedPlans } from "../target.ts";
import type { Environment } from "../environment.ts";

/** other managers */
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

/** By networkd's own state of the link (/run/systemd/netif/links/N) and its .network file with the drop-ins. */
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
    "floatip puts it back at once, but clients notice.",
    `mkdir -p ${folder}; printf '[Network]\\nKeepConfiguration=static\\n' > ${folder}/floatip.conf; networkctl reload`,
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

/** By `nmcli -t -f GENERAL.STATE,GENERAL.NM-MANAGED,GENERAL.CONNECTION device show`. */
export function judgeNetworkManager(name: string, shown: string): readonly Finding[] {
  const value = (key: string) => new RegExp(`^GENERAL\\.${key}:(.*)$`, "m").exec(shown)?.[1] ?? "";
  const managed = value("NM-MANAGED") === "yes" ||
    (value("NM-MANAGED") === "" && !value("STATE").startsWith("10"));
  if (!managed) return [ok(`NetworkManager leaves ${name} alone`)];
  // It removes foreign addresses only when the connection is brought up anew, and the node is in fault then anyway.
  return [ok(
    `NetworkManager manages ${name}: when its connection is brought up again, floatip puts the ` +
      `address back at once`,
  )];
}

/** Folders and files in which addresses are configured for good, and what to look at in a folder. */
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

/** A file that puts a floating address on an interface for good. */
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
      "It is there from boot on, whether this node is master or not: two machines hold it.",
      `remove ${address} from ${file}`,
    )
  );
}

/** The last value of KEY=... in a text of lines; undefined: not there. */
function valueOf(text: string | undefined, key: string): string | undefined {
  const found = text?.split("\n").findLast((line) => line.trim().startsWith(`${key}=`));
  return found?.slice(found.indexOf("=") + 1).trim() || undefined;
}
