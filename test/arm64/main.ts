/**
 * Installs and runs the arm64 package on an arm64 machine, with pages of 4 KiB and of 16 KiB (as a
 * Raspberry Pi 5 has them).
 *
 *     deno task test-arm64             both kernels
 *     deno task test-arm64 -- 16384    one of them
 *
 * Emulated (qemu-system-aarch64), so it takes minutes. Needs root and a Debian machine; what it
 * fetches stays in /var/cache/floatip-lab.
 */
import { fileURLToPath } from "node:url";
import { ensure, missing } from "../support/lab/prerequisites.ts";
import { Lan } from "../support/lab/lan.ts";
import { Probe } from "../support/lab/probe.ts";
import { until } from "../support/until.ts";
import { makePackages } from "../../packaging/package.ts";
import { VERSION } from "../../src/version.ts";
import { type Kernel, KERNELS, makeImage } from "./image.ts";
import { ArmMachine } from "./machine.ts";

const ADDRESS = "10.77.0.50";

/** The emulated machine is vm; the other one, in a namespace of this machine, is preferred. */
const FILE = `[nodes]
vm = "10.77.0.9"
here = "10.77.0.2"

[instance.web]
vrid = 51
addresses = ["${ADDRESS}/24"]
prefer = ["here", "vm"]
`;

/** What a user would type, and what a user would see, said on the console. */
const TRIAL = `#!/bin/sh
exec > /dev/console 2>&1
echo "TRIAL kernel $(uname -m) $(uname -r) $(getconf PAGESIZE)"
ip link set eth0 up
ip addr add 10.77.0.9/24 dev eth0
up() { cut -d ' ' -f 1 /proc/uptime; }
begin=$(up); dpkg -i /root/floatip.deb && echo "TRIAL installed from $begin to $(up)"
cp /root/floatip.toml /etc/floatip/floatip.toml
begin=$(up); floatip check; echo "TRIAL check $? from $begin to $(up)"
begin=$(up); systemctl enable --now floatip; echo "TRIAL started $? from $begin to $(up)"
echo "TRIAL memory $(grep VmRSS /proc/$(systemctl show -p MainPID --value floatip)/status)"
until floatip status --json | grep -q '"state": "master"'; do sleep 1; done
floatip status; echo "TRIAL master at $(up)"
`;

const UNIT = `[Unit]
After=network.target dbus.service
[Service]
Type=oneshot
ExecStart=/root/trial
TimeoutStartSec=infinity
`;

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));

async function main(args: readonly string[]): Promise<number> {
  const wanted = KERNELS.filter(({ pageSize }) =>
    args.length === 0 || args.includes(`${pageSize}`)
  );
  const needed = [
    "iproute2",
    "mmdebstrap",
    "arch-test",
    "qemu-system-arm",
    "qemu-user-static",
    "cpio",
    "kmod",
    "e2fsprogs",
  ];
  const { failure } = await ensure(needed);
  const reason = failure ??
    missing("mmdebstrap", "qemu-system-aarch64", "cpio", "modprobe", "mke2fs");
  if (reason !== undefined || wanted.length === 0) {
    console.error(`the arm64 trial ${reason ?? "knows the page sizes 4096 and 16384"}`);
    return 1;
  }
  let failures = 0;
  for (const kernel of wanted) {
    try {
      await tryKernel(kernel);
    } catch (cause) {
      failures++;
      console.error(
        `pages of ${kernel.pageSize} bytes: ${cause instanceof Error ? cause.message : cause}`,
      );
    }
  }
  console.log(failures === 0 ? "all passed" : `${failures} failed`);
  return failures === 0 ? 0 : 1;
}

async function tryKernel(kernel: Kernel): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "floatip-arm64-", dir: "/var/tmp" });
  try {
    const [made] = await makePackages({
      arches: ["arm64"],
      formats: ["deb"],
      kind: undefined,
      version: VERSION,
      compression: "fast",
      out: scratch,
    });
    const image = await makeImage(kernel, {
      "/root/floatip.deb": { from: made?.file ?? "" },
      "/root/floatip.toml": { text: FILE },
      "/root/trial": { text: TRIAL },
      "/etc/systemd/system/trial.service": { text: UNIT },
      "/etc/systemd/system/multi-user.target.wants/trial.service": { to: "../trial.service" },
    }, scratch);
    await using lan = await Lan.open({ hosts: ["client", "here"] });
    await using vm = await ArmMachine.boot(lan, kernel, image);
    try {
      await watch(lan, vm, scratch);
    } catch (cause) {
      console.error(vm.console.slice(-4000));
      throw cause;
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function watch(lan: Lan, vm: ArmMachine, scratch: string): Promise<void> {
  for (const word of ["kernel", "installed", "check", "started", "memory", "master"]) {
    const said = await vm.said(word);
    console.log(`${word}: ${said}`);
    if (["check", "started"].includes(word) && !said.startsWith("0 ")) {
      throw new Error(`${word}: ${said}`);
    }
  }
  await using client = await Probe.start(lan.host("client"), ADDRESS, { everyMs: 20 });
  const here = lan.host("here");
  await Deno.writeTextFile(`${scratch}/floatip.toml`, FILE);
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const flags = [
    "-c",
    `${scratch}/floatip.toml`,
    "--run-dir",
    `${scratch}/run`,
    "--state-dir",
    scratch,
  ];
  here.spawn([Deno.execPath(), "run", "-A", "--no-check", main, "run", ...flags], {
    output: "ignore",
  });
  await until("the preferred node to take over", () => here.holds(ADDRESS), 60_000);
  await until("an answer of it", () => client.silenceMs < 100);
  console.log("handed over to the preferred node, as the file says");
  const before = client.replies;
  await here.unplug();
  await until(
    "an answer of the arm64 machine",
    () => client.replies > before + 50 && client.silenceMs < 1000,
    60_000,
  );
  const longest = Math.max(...client.gaps(0).map(({ lengthMs }) => lengthMs));
  console.log(
    `took over when that one's cable was pulled: ${
      (longest / 1000).toFixed(2)
    } s without an answer`,
  );
}
