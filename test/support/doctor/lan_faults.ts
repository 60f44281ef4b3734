/** Faults of interface, packet filter and LAN, made in namespaces. */
import { demand } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { until } from "../until.ts";
import { type Clinic, FILE, fileWith, FLOATING, type Found, type Report } from "./clinic.ts";
import type { Fault } from "./fault.ts";

/** A table with one chain at `hook` that drops what `rules` do not accept. */
function dropping(hook: "input" | "output", rules: string): string {
  return tableOf(hook, `policy drop;\n${rules}`);
}

/** A table with one chain at `hook`. */
function tableOf(hook: "input" | "output", rules: string): string {
  const type = `type filter hook ${hook} priority filter;`;
  return `table inet filter {\nchain ${hook} {\n${type} ${rules}\n}\n}\n`;
}

const NO_VRRP = "\nmeta l4proto 112 drop";

async function nft(host: LabHost, rules: string): Promise<void> {
  await demand(host.argv(["nft", "-f", "-"]), { input: rules });
}

/** Types the fix as a person would. */
async function type(host: LabHost, fix: string | null): Promise<void> {
  await demand(host.argv(["sh", "-c", fix ?? "false"]));
}

/** Types the fix on `a`, and asks there again about the same file. */
function typedOnA(file?: string): (clinic: Clinic, found: Found) => Promise<Report> {
  return async (clinic, found) => {
    await type(clinic.host("a"), found.fix);
    return await clinic.examine("a", file === undefined ? {} : { file });
  };
}

const WRONG_INTERFACE = fileWith(['interface = "eth1"']);
const VERSION_2 = fileWith(["version = 2"]).replace("300ms", "1s");
const MULTICAST = fileWith(['transport = "multicast"']);

/** All of them. */
export const LAN_FAULTS: readonly Fault[] = [
  {
    name: "a wrong interface",
    expected: {
      check: "interface",
      mark: "problem",
      what: /no interface eth1 .*: it has eth0/,
      fix: /^interface = "eth0"$/,
    },
    play: (clinic) => clinic.examine("a", { file: WRONG_INTERFACE }),
    mend: (clinic, { fix }) =>
      clinic.examine("a", { file: WRONG_INTERFACE.replace('interface = "eth1"', fix ?? "") }),
  },
  {
    name: "an interface that is switched off",
    expected: {
      check: "interface",
      mark: "problem",
      what: /eth0 is switched off/,
      fix: /^ip link set eth0 up$/,
    },
    async play(clinic) {
      await clinic.host("a").linkDown();
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
  {
    name: "a pulled cable",
    expected: { check: "interface", mark: "problem", what: /eth0 has no carrier/, fix: /cable/ },
    async play(clinic) {
      await clinic.host("a").unplug();
      return await clinic.examine("a");
    },
    async mend(clinic) {
      await clinic.host("a").plug();
      return await clinic.examine("a");
    },
  },
  {
    name: "a default-drop policy of nft",
    programs: ["nft"],
    expected: {
      check: "firewall",
      mark: "problem",
      what: /nft's chain inet filter input drops VRRP from 10\.77\.0\.2, by its policy/,
      fix: /^nft 'insert rule inet filter input .*l4proto 112 accept/,
    },
    async play(clinic) {
      await nft(clinic.host("a"), dropping("input", "tcp dport 22 accept"));
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
  {
    name: "a rule of iptables that rejects",
    programs: ["iptables"],
    expected: {
      check: "firewall",
      mark: "problem",
      what: /iptables's filter INPUT drops VRRP from 10\.77\.0\.2, by a rule/,
      fix: /^iptables -I INPUT -i eth0 -s 10\.77\.0\.2 -p 112 .*ACCEPT$/,
    },
    async play(clinic) {
      const rule = ["-A", "INPUT", "!", "-p", "tcp", "-j", "REJECT"];
      await demand(clinic.host("a").argv(["iptables", ...rule]));
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
  {
    name: "a filter for what goes out",
    programs: ["nft"],
    expected: {
      check: "firewall",
      mark: "problem",
      what: /nft's chain inet filter output drops VRRP to 224\.0\.0\.18/,
      fix: /^nft 'insert rule inet filter output .*daddr 224\.0\.0\.18/,
    },
    async play(clinic) {
      await nft(clinic.host("a"), dropping("output", "tcp sport 22 accept"));
      return await clinic.examine("a", { file: MULTICAST });
    },
    mend: typedOnA(MULTICAST),
  },
  {
    name: "adverts that arrive and are dropped",
    programs: ["nft"],
    expected: {
      check: "adverts",
      mark: "problem",
      what: /adverts of b \(10\.77\.0\.2\) reach eth0, but not floatip/,
      fix: /^floatip firewall$/,
    },
    async play(clinic) {
      await clinic.start("b", "master");
      // Something that the doctor cannot read: the rule looks at a mark that anybody could have
      // set.
      await nft(
        clinic.host("a"),
        tableOf("input", "\nmeta mark 0 meta l4proto 112 drop"),
      );
      return await clinic.examine("a");
    },
    async mend(clinic) {
      await demand(clinic.host("a").argv(["nft", "flush", "ruleset"]));
      return await clinic.examine("a");
    },
  },
  {
    name: "adverts of the holder that do not arrive",
    programs: ["nft"],
    expected: {
      check: "adverts",
      mark: "problem",
      what: /b \(10\.77\.0\.2\) holds the address, but its adverts do not reach eth0/,
      fix: /transport = "unicast"/,
    },
    async play(clinic) {
      await clinic.start("b", "master", MULTICAST);
      await nft(
        clinic.host("b"),
        tableOf("output", NO_VRRP),
      );
      return await clinic.examine("a", { file: MULTICAST });
    },
    async mend(clinic) {
      await demand(clinic.host("b").argv(["nft", "flush", "ruleset"]));
      return await clinic.examine("a", { file: MULTICAST });
    },
  },
  {
    name: "two masters",
    programs: ["nft"],
    expected: {
      check: "adverts",
      mark: "problem",
      what: /VRID 51 of web: b \(10\.77\.0\.2\) is master too/,
      fix: /floatip doctor/,
    },
    async play(clinic) {
      await nft(clinic.host("b"), tableOf("input", NO_VRRP));
      const daemon = await clinic.start("a", "master");
      await clinic.start("b", "master");
      // a must be looked at while both hold it.
      await until("b holds it too", () => clinic.host("b").holds(FLOATING));
      return await clinic.examine("a", { daemon });
    },
  },
  {
    name: "a stranger with our VRID",
    expected: {
      check: "VRID",
      mark: "problem",
      what: /VRID 51 is used by 10\.77\.0\.3 \(.*\) for 10\.77\.0\.66/,
      fix: /^vrid = 52 /,
    },
    async play(clinic) {
      const file =
        '[instance.web]\nvrid = 51\naddresses = ["10.77.0.66/24"]\nadvert_interval = "300ms"\n';
      await clinic.start("stranger", "master", file);
      return await clinic.examine("a");
    },
    mend: (clinic, { fix }) =>
      clinic.examine("a", { file: FILE.replace("vrid = 51", fix ?? "nothing") }),
  },
  {
    name: "a floating address that another machine has",
    expected: {
      check: "holder",
      mark: "problem",
      what: /10\.77\.0\.100 belongs to ..:..:..:..:..:.., which is none of the nodes/,
      fix: /free the address there/,
    },
    async play(clinic) {
      await clinic.host("stranger").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      return await clinic.examine("a");
    },
    async mend(clinic) {
      await clinic.host("stranger").ip("addr", "del", `${FLOATING}/24`, "dev", "eth0");
      return await clinic.examine("a");
    },
  },
  {
    name: "a floating address that is answered for twice",
    expected: {
      check: "holder",
      mark: "problem",
      what: /10\.77\.0\.100 is answered for by this node and by ..:..:..:..:..:../,
      fix: /free the address there/,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master");
      await clinic.host("stranger").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      return await clinic.examine("a", { daemon });
    },
    async mend(clinic) {
      await clinic.host("stranger").ip("addr", "del", `${FLOATING}/24`, "dev", "eth0");
      return await clinic.examine("a", { daemon: clinic.daemon("a") });
    },
  },
  {
    name: "two machines with one address",
    expected: {
      check: "holder",
      mark: "problem",
      what: /10\.77\.0\.1, this node's own address on eth0, is used by ..:..:..:..:..:.. too/,
      fix: /another address/,
    },
    async play(clinic) {
      await clinic.host("stranger").ip("addr", "add", "10.77.0.1/24", "dev", "eth0");
      return await clinic.examine("a");
    },
  },
  {
    name: "a peer on which floatip does not run",
    expected: {
      check: "adverts",
      mark: "warning",
      what: /floatip does not run on b \(10\.77\.0\.2\): it does not accept VRRP/,
      fix: /^systemctl enable --now floatip /,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master");
      return await clinic.examine("a", { daemon });
    },
    async mend(clinic) {
      await clinic.start("b", "backup");
      return await clinic.examine("a", { daemon: clinic.daemon("a") });
    },
  },
  {
    name: "a peer whose filter rejects",
    programs: ["nft"],
    expected: {
      check: "adverts",
      mark: "problem",
      what: /the packet filter of b \(10\.77\.0\.2\) rejects this node's adverts/,
      fix: /^floatip firewall /,
    },
    async play(clinic) {
      await nft(clinic.host("b"), tableOf("input", "\nmeta l4proto 112 reject"));
      // netfilter answers only where it finds the checksum right, and knows no pseudo-header of
      // VRRPv3's.
      const daemon = await clinic.start("a", "master", VERSION_2);
      return await clinic.examine("a", { daemon });
    },
  },
  {
    name: "a node that is not there",
    expected: {
      check: "adverts",
      mark: "warning",
      what: /b \(10\.77\.0\.2\) does not answer on eth0/,
      fix: /^ping 10\.77\.0\.2$/,
    },
    async play(clinic) {
      await clinic.host("b").linkDown();
      return await clinic.examine("a");
    },
  },
  {
    name: "a strict reverse path filter",
    lan: { second: { prefix: "10.78.0.0/24", interface: "eth1" } },
    expected: {
      check: "kernel settings",
      mark: "problem",
      what: /of 10\.77\.0\.2 on eth0 are dropped: rp_filter is strict, and the route back is eth1/,
      fix: /^sysctl -w net\.ipv4\.conf\.eth0\.rp_filter=2$/,
    },
    async play(clinic) {
      const a = clinic.host("a");
      await a.ip("route", "add", "10.77.0.2/32", "dev", "eth1");
      await demand(a.argv(["sysctl", "-w", "net.ipv4.conf.eth0.rp_filter=1"]));
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
  {
    name: "an interface that answers no ARP",
    expected: {
      check: "kernel settings",
      mark: "problem",
      what: /arp_ignore is 8 for eth0: ARP for 10\.77\.0\.100 is not answered/,
      fix: /^sysctl -w .*arp_ignore=1/,
    },
    async play(clinic) {
      await demand(clinic.host("a").argv(["sysctl", "-w", "net.ipv4.conf.eth0.arp_ignore=8"]));
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
  {
    name: "a second interface on the same LAN",
    lan: { second: { prefix: "10.78.0.0/24", interface: "eth1" } },
    expected: {
      check: "kernel settings",
      mark: "warning",
      what: /eth1 is on the same LAN as eth0, and answers ARP for 10\.77\.0\.100 too/,
      fix: /^sysctl -w net\.ipv4\.conf\.all\.arp_ignore=1$/,
    },
    async play(clinic) {
      await clinic.host("a").ip("addr", "add", "10.77.0.11/24", "dev", "eth1");
      return await clinic.examine("a");
    },
    mend: typedOnA(),
  },
];
