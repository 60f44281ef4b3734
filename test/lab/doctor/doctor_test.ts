/** Tests of the doctor: it finds each fault, and reports nothing on a healthy node. */
import assert from "node:assert/strict";
import { playEach } from "../../support/interop/play_each.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { demand } from "../../support/lab/command.ts";
import { assertFound, Clinic, FILE, fileWith } from "../../support/doctor/clinic.ts";
import { FENCE_FAULTS } from "../../support/doctor/fence_faults.ts";
import type { Fault } from "../../support/doctor/fault.ts";
import { LAN_FAULTS } from "../../support/doctor/lan_faults.ts";
import { MACHINE_FAULTS, serveWell, SOUND_FILE } from "../../support/doctor/machine_faults.ts";
import { BY_UDP, UDP_FAULTS } from "../../support/doctor/udp_faults.ts";

async function play({ expected, play, mend, lan }: Fault): Promise<void> {
  await using clinic = await Clinic.open(lan);
  const found = assertFound(await play(clinic), expected);
  if (mend === undefined) return;
  const after = await mend(clinic, found);
  const again = after.findings.find(({ check, what }) =>
    check === found.check && what === found.what
  );
  assert.equal(again, undefined, `mended, and still there:\n${after.words}`);
}

function playAll(title: string, faults: readonly Fault[]): void {
  playEach(`doctor: ${title}`, ["ip", "sysctl", "unshare"], faults, play, { atOnce: 3 });
}

playAll(`${LAN_FAULTS.length} faults of interface, filter and LAN`, LAN_FAULTS);
playAll(`${UDP_FAULTS.length} faults of adverts by UDP`, UDP_FAULTS);
playAll(`${FENCE_FAULTS.length} faults of the fence`, FENCE_FAULTS);
playAll(`${MACHINE_FAULTS.length} faults of service, machine and daemon`, MACHINE_FAULTS);

const reason = missing();
Deno.test({
  ...nameWith("doctor: a sound master and a sound backup are left alone", reason),
  fn: async () => {
    await using clinic = await Clinic.open();
    await Promise.all(["a", "b"].map((name) => serveWell(clinic.host(name))));
    const master = await clinic.start("a", "master", SOUND_FILE);
    const backup = await clinic.start("b", "backup", SOUND_FILE);
    // A node that was asked before it ran is asked again ten seconds later.
    await until("a knows that b runs", async () => {
      const { nodes } = await master.status();
      return nodes.every(({ state }) => state === "up");
    }, 30_000);
    for (const [name, daemon] of [["a", master], ["b", backup]] as const) {
      const { code, findings, words } = await clinic.examine(name, {
        daemon,
      });
      const loud = findings.filter(({ mark }) => mark === "warning" || mark === "problem");
      assert.deepEqual(loud, [], words);
      assert.equal(code, 0);
      // It looked at everything, and was not silent for want of looking.
      const checks = new Set(
        findings.filter(({ mark }) => mark === "ok").map(({ check }) => check),
      );
      for (
        const check of [
          "firewall",
          "fence",
          "adverts",
          "VRID",
          "holder",
          "service",
          "kernel settings",
        ]
      ) {
        assert.ok(checks.has(check), `${check} in\n${words}`);
      }
    }
  },
});

Deno.test({
  ...nameWith("doctor: it waits for a daemon that has just started", reason),
  fn: async () => {
    await using clinic = await Clinic.open();
    const file = FILE.replace("300ms", "1s");
    await clinic.start("b", "master", file);
    // It preempts while the doctor looks, or before.
    const daemon = clinic.stack.use(await Floatip.start(clinic.host("a"), file));
    assert.equal((await daemon.instance()).health, "listening");
    const { findings, words } = await clinic.examine("a", { daemon });
    assert.deepEqual(findings.filter(({ mark }) => mark === "problem"), [], words);
    assert.match(words, /^ok holder: 10\.77\.0\.100 is held by /m);
  },
});

const MULTICAST = fileWith(['transport = "multicast"']);

Deno.test({
  ...nameWith(
    "doctor: a master learns whether its multicast reaches the others",
    missing("nft"),
  ),
  fn: async () => {
    await using clinic = await Clinic.open();
    const daemon = await clinic.start("a", "master", MULTICAST);
    await clinic.start("b", "backup", MULTICAST);
    const words = async () => (await clinic.examine("a", { daemon })).words;
    assert.match(await words(), /^ok adverts: .* its multicast reaches b \(10\.77\.0\.2\)$/m);
    // A switch that loses the group's frames on their way to b: its port drops them, both ways.
    const { bridgeNamespace, ports: [port] } = clinic.host("b");
    const group = "ether daddr 01:00:5e:00:00:12 drop";
    const hook = `type filter hook ingress device "${port.peer}" priority 0;`;
    const at = `table netdev lost {\nchain from {\n${hook}\n${group}\n}\n}\n`;
    const from = `type filter hook postrouting priority 0;\noifname "${port.peer}" ${group}`;
    const to = `table bridge lost {\nchain to {\n${from}\n}\n}\n`;
    await demand(["ip", "netns", "exec", bridgeNamespace, "nft", "-f", "-"], { input: at + to });
    assert.match(await words(), /^problem holder: .* answered for by this node and by b/m);
    assert.doesNotMatch(await words(), /its multicast reaches/);
  },
});

Deno.test({
  ...nameWith(
    "doctor: it leaves a UDP port alone, and what needs a look is not called sound",
    reason,
  ),
  fn: async () => {
    await using clinic = await Clinic.open();
    const master = await clinic.start("a", "master", BY_UDP);
    const backup = await clinic.start("b", "backup", BY_UDP);
    const [first, second] = await Promise.all([
      clinic.examine("a", { daemon: master }),
      clinic.examine("b", { daemon: backup }),
    ]);
    assert.match(
      first.words,
      /^ok adverts: .* this node is master, and no refusal comes from b \(10\.77\.0\.2\)$/m,
    );
    assert.match(second.words, /^ok adverts: .* adverts of a \(10\.77\.0\.1\) arrive$/m);
    // One that starts while the doctor listens.
    await backup.stop();
    const examining = clinic.examine("b", { file: BY_UDP });
    await clinic.start("b", "backup", BY_UDP);
    assert.match((await examining).words, /^ok adverts: .* adverts of a .* arrive$/m);
    assert.doesNotMatch(clinic.daemon("b").log.text, /in use/);
  },
});
