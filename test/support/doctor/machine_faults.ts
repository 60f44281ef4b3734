/** Faults of service, machine and daemon. What a machine lacks is added in a mount namespace. */
import { ANSWERS } from "../control/answers.ts";
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { ControlServer } from "../../../src/control/server.ts";
import { demand, kill } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { until } from "../until.ts";
import { documentOf, master } from "../cli/documents.ts";
import { type Clinic, ENVIRONMENT, fileWith, FLOATING, reportOf } from "./clinic.ts";
import type { Fault } from "./fault.ts";

const CHECKED = fileWith(['checks = ["web"]'], ["[check.web]", 'http = "http://127.0.0.1:8080/"']);

/** A service that answers on `address`, port 8080; resolves when it listens. */
async function serve(host: LabHost, address: string): Promise<void> {
  const program =
    `Deno.serve({ hostname: "${address}", port: 8080, onListen() {} }, () => new Response("ok"))`;
  host.spawn([Deno.execPath(), "eval", program], { output: "ignore", env: ENVIRONMENT });
  await until("the service listens", async () => {
    const { stdout } = await host.exec(["cat", "/proc/net/tcp"]);
    return new RegExp(`${hexOf(address)}:1F90 \\S+ 0A `).test(stdout);
  });
}

/** An address as in /proc/net/tcp. */
function hexOf(address: string): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return bytes.reverse().join("").toUpperCase();
}

/** The words that run a program in a mount namespace of its own, after the lines of `script`. */
function inside(clinic: Clinic, ...script: readonly string[]): readonly string[] {
  const file = `${clinic.folder}/inside`;
  writeFileSync(file, ["set -e", ...script, 'exec "$@"', ""].join("\n"));
  return ["unshare", "-m", "sh", file];
}

/** The lines that put a program called `name` first on every path. */
function fakeProgram(name: string, says: string): readonly string[] {
  return [
    "mount -t tmpfs none /usr/local/sbin",
    `printf '#!/bin/sh\\necho "${says}"\\n' > /usr/local/sbin/${name}`,
    `chmod +x /usr/local/sbin/${name}`,
  ];
}

async function indexOf(host: LabHost): Promise<number> {
  const links = JSON.parse(await host.ip("-j", "link", "show", "eth0")) as readonly {
    readonly ifindex: number;
  }[];
  return links[0]?.ifindex ?? 0;
}

/** The lines that fill the state directory. */
function filled(state: string): readonly string[] {
  return [
    `mount -t tmpfs -o size=16k none ${state}`,
    `dd if=/dev/zero of=${state}/full bs=4k count=4 2>/dev/null`,
  ];
}

/** The lines that make systemd-networkd manage eth0. */
async function networkd(host: LabHost): Promise<readonly string[]> {
  const state = "ADMIN_STATE=configured\\nNETWORK_FILE=/etc/systemd/network/10-eth0.network\\n";
  const network = "[Match]\\nName=eth0\\n[Network]\\nDHCP=yes\\n";
  return [
    "mkdir -p /run/systemd/netif/links /etc/systemd/network",
    "mount -t tmpfs none /run/systemd/netif/links",
    "mount -t tmpfs none /etc/systemd/network",
    `printf '${state}' > /run/systemd/netif/links/${await indexOf(host)}`,
    `printf '${network}' > /etc/systemd/network/10-eth0.network`,
  ];
}

/** The lines that configure the floating address in /etc/network/interfaces. */
const IN_INTERFACES: readonly string[] = [
  "mkdir -p /etc/network",
  "mount -t tmpfs none /etc/network",
  `printf 'iface eth0 inet static\\n  address ${FLOATING}/24\\n' > /etc/network/interfaces`,
];

/** All of them. */
export const MACHINE_FAULTS: readonly Fault[] = [
  {
    name: "a file with a misspelt key",
    expected: {
      check: "configuration",
      mark: "problem",
      what: /floatip\.toml:10: unknown key "prefr".*did you mean prefer\?/,
      fix: /^floatip check .*floatip\.toml$/,
    },
    play: (clinic) => clinic.examine("a", { file: fileWith(['prefr = ["a"]']) }),
  },
  {
    name: "no daemon",
    expected: {
      check: "daemon",
      mark: "warning",
      what: /floatip does not run on this node/,
      fix: /^systemctl enable --now floatip$/,
    },
    play: (clinic) => clinic.examine("a"),
    async mend(clinic) {
      const daemon = await clinic.start("a", "master");
      return await clinic.examine("a", { daemon });
    },
  },
  {
    name: "a daemon of another version",
    expected: {
      check: "daemon",
      mark: "warning",
      what: /the daemon is 0\.0\.9, this program /,
      fix: /^systemctl restart floatip$/,
    },
    async play(clinic) {
      await using _server = ControlServer.open(`${clinic.folder}/run`, {
        ...ANSWERS,
        status: () => JSON.stringify(documentOf([master()], { version: "0.0.9" })),
        metrics: () => "",
        reload: () => Promise.reject(new Error("not asked")),
      });
      return await clinic.examine("a");
    },
  },
  {
    name: "a right that root lacks",
    programs: ["setpriv"],
    expected: {
      check: "permissions",
      mark: "problem",
      what: /root may not add and remove addresses \(CAP_NET_ADMIN\) here/,
      fix: /--cap-add NET_ADMIN/,
    },
    play: (clinic) =>
      clinic.examine("a", { through: ["setpriv", "--bounding-set=-net_admin", "--"] }),
  },
  {
    name: "a service that listens on loopback only",
    expected: {
      check: "service",
      mark: "problem",
      what: /web: port 8080 listens on 127\.0\.0\.1 only, not on 10\.77\.0\.100/,
      fix: /0\.0\.0\.0.*ip_nonlocal_bind=1/,
    },
    async play(clinic) {
      await serve(clinic.host("a"), "127.0.0.1");
      return await clinic.examine("a", { file: CHECKED });
    },
    async mend(clinic, { fix }) {
      const [, sysctl = ""] = / with (sysctl .*)$/.exec(fix ?? "") ?? [];
      await demand(clinic.host("a").argv(["sh", "-c", sysctl]));
      await serve(clinic.host("a"), FLOATING);
      return await clinic.examine("a", { file: CHECKED });
    },
  },
  {
    name: "a service that is not there",
    expected: {
      check: "service",
      mark: "problem",
      what: /web: nothing listens on tcp port 8080/,
      fix: /start the service/,
    },
    play: (clinic) => clinic.examine("a", { file: CHECKED }),
    async mend(clinic) {
      await serve(clinic.host("a"), "0.0.0.0");
      return await clinic.examine("a", { file: CHECKED });
    },
  },
  {
    name: "a service that does not answer on the floating address",
    programs: ["nft"],
    expected: {
      check: "service",
      mark: "problem",
      what: /web: 10\.77\.0\.100 port 8080 does not answer: connection refused/,
      fix: /./,
    },
    async play(clinic) {
      const a = clinic.host("a");
      await serve(a, "0.0.0.0");
      const daemon = await clinic.start("a", "master", CHECKED);
      const rule = `ip daddr ${FLOATING} tcp dport 8080 reject with tcp reset`;
      const chain = `chain c {\ntype filter hook input priority 0;\n${rule}\n}`;
      await demand(a.argv(["nft", "-f", "-"]), { input: `table inet f {\n${chain}\n}\n` });
      return await clinic.examine("a", { daemon });
    },
  },
  {
    name: "networkd that would remove the address",
    expected: {
      check: "network manager",
      mark: "warning",
      what: /systemd-networkd manages eth0, and may remove the floating address/,
      fix: /KeepConfiguration=static.*\/etc\/systemd\/network\/10-eth0\.network\.d\/floatip\.conf/,
    },
    play: async (clinic) =>
      await clinic.examine("a", { through: inside(clinic, ...await networkd(clinic.host("a"))) }),
    async mend(clinic, { fix }) {
      const setup = await networkd(clinic.host("a"));
      const dropIn = "/etc/systemd/network/10-eth0.network.d/floatip.conf";
      // What networkd writes when it has read the drop-in.
      const link = `/run/systemd/netif/links/${await indexOf(clinic.host("a"))}`;
      const read = `echo NETWORK_FILE_DROPINS=${dropIn} >> ${link}`;
      const through = inside(
        clinic,
        ...[...setup, ...fakeProgram("networkctl", "")],
        ...["{", fix ?? "false", "} >&2", read],
      );
      return await clinic.examine("a", { through });
    },
  },
  {
    name: "a floating address that is configured for good",
    expected: {
      check: "network manager",
      mark: "problem",
      what: /\/etc\/network\/interfaces puts 10\.77\.0\.100 on this machine for good/,
      fix: /^remove 10\.77\.0\.100 from \/etc\/network\/interfaces$/,
    },
    play: (clinic) => clinic.examine("a", { through: inside(clinic, ...IN_INTERFACES) }),
    mend(clinic) {
      const removed = `sed -i /${FLOATING}/d /etc/network/interfaces`;
      return clinic.examine("a", { through: inside(clinic, ...IN_INTERFACES, removed) });
    },
  },
  {
    name: "a clock that nothing sets",
    expected: {
      check: "clock",
      mark: "warning",
      what: /the clock is not set by NTP/,
      fix: /^timedatectl set-ntp true$/,
    },
    play(clinic) {
      const says = fakeProgram("timedatectl", "NTP=no\nNTPSynchronized=no");
      return clinic.examine("a", { through: inside(clinic, ...says) });
    },
  },
  {
    name: "a machine that stalls",
    expected: {
      check: "timers",
      mark: "problem",
      what: /timers are .* late, \d+(\.\d+)? (ms|s) at worst/,
      fix: /CPUSchedulingPolicy=rr/,
    },
    async play(clinic) {
      const child = clinic.host("a").spawn(clinic.words(), { env: ENVIRONMENT });
      const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
        const chunks: string[] = [];
        stream?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
        return chunks;
      });
      const ended = once(child, "close");
      // Stopped again and again, as by a card that swaps, for longer than an advert's interval: its
      // timers are among what waits.
      const { pid } = child;
      assert.ok(pid !== undefined);
      const stalls = setInterval(() => {
        kill(pid, "SIGSTOP");
        setTimeout(() => kill(pid, "SIGCONT"), 400);
      }, 600);
      const [code] = await ended.finally(() => clearInterval(stalls)) as [number];
      return reportOf(code, (stdout ?? []).join(""), (stderr ?? []).join(""));
    },
  },
  {
    name: "a Raspberry Pi with too little power",
    expected: {
      check: "power",
      mark: "problem",
      what: /this Pi has too little voltage, throttling right now/,
      fix: /power supply/,
    },
    play: (clinic) =>
      clinic.examine("a", {
        through: inside(clinic, ...fakeProgram("vcgencmd", "throttled=0x50005")),
      }),
  },
  {
    name: "a full disk",
    expected: {
      check: "storage",
      mark: "problem",
      what: /state cannot be written: no space left on device/,
      fix: /^df -h /,
    },
    play(clinic) {
      const state = `${clinic.folder}/state`;
      mkdirSync(state);
      return clinic.examine("a", { through: inside(clinic, ...filled(state)) });
    },
    mend(clinic, { fix }) {
      const state = `${clinic.folder}/state`;
      const room = ["{", fix ?? "false", "} >&2", `rm ${state}/full`];
      return clinic.examine("a", { through: inside(clinic, ...filled(state), ...room) });
    },
  },
  {
    name: "a disk that became read-only",
    expected: {
      check: "storage",
      mark: "problem",
      what: /state cannot be written: read-only file system/,
      fix: /^findmnt -T /,
    },
    play(clinic) {
      const state = `${clinic.folder}/state`;
      mkdirSync(state);
      const through = inside(clinic, `mount -t tmpfs -o ro none ${state}`);
      return clinic.examine("a", { through });
    },
    mend(clinic, { fix }) {
      const state = `${clinic.folder}/state`;
      const writable = ["{", fix ?? "false", "} >&2", `mount -o remount,rw ${state}`];
      const lines = [`mount -t tmpfs -o ro none ${state}`, ...writable];
      return clinic.examine("a", { through: inside(clinic, ...lines) });
    },
  },
];

/** A sound node is tried with this file too: its check names a port. */
export const SOUND_FILE = CHECKED.replace('advert_interval = "300ms"\n', "");

/** Starts what {@link SOUND_FILE} checks. */
export function serveWell(host: LabHost): Promise<void> {
  return serve(host, "0.0.0.0");
}
