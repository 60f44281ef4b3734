/** What nodes tell each other: each state is right within 2 s, and nothing stays as it was told. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { GREETING } from "../../../../src/cluster/datagram.ts";
import type { ToSend } from "../../../../src/cluster/outcome.ts";
import type { MaintenanceAnswer } from "../../../../src/control/api.ts";
import { milliseconds, seconds, type WallTime } from "../../../../src/time.ts";
import { ANOTHER_SECRET, file, TellingNodes } from "../../../support/cluster/telling.ts";

async function settled(): Promise<TellingNodes> {
  const nodes = new TellingNodes();
  await nodes.run(seconds(10));
  return nodes;
}

Deno.test("reports: each node knows all, the silent backups too", async () => {
  const nodes = await settled();
  for (const [by, others] of [["n1", "n2 up, n3 up"], ["n3", "n1 up, n2 up"]] as const) {
    strictEqual(nodes.states(by), others);
    const { ready, attention, instances } = nodes.status(by);
    deepStrictEqual([ready, attention], [{ web: 3 }, []]);
    strictEqual(instances[0]?.ready, 3);
  }
  const { instances, version, config, rtt_ms, heard_ms } = nodes.node("n3", "n2");
  const [web] = instances;
  deepStrictEqual(
    [web?.state, web?.priority, web?.master, web?.holds_addresses, web?.link_up],
    ["backup", 190, "n1", false, true],
  );
  deepStrictEqual(web?.checks.map(({ name, up }) => [name, up]), [["nginx", true]]);
  ok(version !== null && config === "same" && rtt_ms !== null && (heard_ms ?? 9999) <= 1100);
});

Deno.test("reports: a failing check is known everywhere at once", async () => {
  const nodes = await settled();
  nodes.cluster.lan.machine("n2").setService("nginx", { ok: false, value: 0 });
  await nodes.run(seconds(9));
  const [web] = nodes.node("n3", "n2").instances;
  deepStrictEqual([web?.state, web?.checks[0]?.up], ["fault", false]);
  match(web?.faults[0] ?? "", /check nginx is down/);
  deepStrictEqual(nodes.status("n3").ready, { web: 2 });
});

Deno.test("reports: killed, stopped by a signal, or cut off: lost within 2 s", async () => {
  const ways: Readonly<Record<string, (nodes: TellingNodes) => void>> = {
    killed: ({ cluster }) => cluster.lan.kill("n2"),
    paused: ({ cluster }) => cluster.lan.pause("n2"),
    "without power": ({ cluster }) => cluster.powerOff("n2"),
    "cut off": ({ cluster }) => {
      for (const card of ["eth0", "eth1"]) cluster.lan.machine("n2").setCarrier(card, false);
    },
  };
  for (const [how, happen] of Object.entries(ways)) {
    const nodes = await settled();
    happen(nodes);
    await nodes.run(seconds(2));
    for (const by of ["n1", "n3"]) strictEqual(nodes.node(by, "n2").state, "lost", `${how} ${by}`);
    const { words, instances, config } = nodes.node("n1", "n2");
    match(words, /^lost [\d.]+ m?s ago \(was backup, said no goodbye\)$/);
    deepStrictEqual([instances, config], [[], null], "nothing stays on old news");
    deepStrictEqual(nodes.status("n1").ready, { web: 2 });
    match(nodes.status("n1").attention.join(), /n2 is lost: it was backup and said no goodbye/);
  }
});

Deno.test("reports: a lost node is up again as soon as it speaks", async () => {
  const nodes = await settled();
  nodes.cluster.lan.pause("n2");
  await nodes.run(seconds(5));
  nodes.cluster.lan.resume("n2");
  await nodes.run(milliseconds(1200));
  strictEqual(nodes.states("n1"), "n2 up, n3 up");
});

Deno.test("reports: with one of two links cut nothing is lost", async () => {
  const nodes = await settled();
  nodes.cluster.lan.paths.cutOn("lan", "n2", "n3");
  nodes.cluster.lan.paths.cutOn("lan", "n3", "n2");
  for (let second = 0; second < 10; second++) {
    await nodes.run(seconds(1));
    strictEqual(nodes.states("n3"), "n1 up, n2 up");
  }
});

Deno.test("reports: an orderly stop says goodbye", async () => {
  for (const name of ["n1", "n2"]) {
    const nodes = await settled();
    nodes.cluster.stop(name);
    await nodes.run(seconds(1));
    ok(!nodes.cluster.isRunning(name));
    strictEqual(nodes.node("n3", name).state, "left");
    match(nodes.node("n3", name).words, /^left [\d.]+ m?s ago$/);
    await nodes.run(seconds(100));
    strictEqual(nodes.node("n3", name).state, "left");
    nodes.cluster.start(name);
    await nodes.run(seconds(1));
    strictEqual(nodes.node("n3", name).state, "up");
  }
});

Deno.test("reports: maintenance with its reason and end", async () => {
  const nodes = await settled();
  const since = nodes.cluster.host("n2")?.wallTime() ?? 0 as WallTime;
  nodes.cluster.order("n2", {
    kind: "maintenance",
    wanted: { since, until: since + 600_000 as WallTime, reason: "new disk" },
    force: false,
    reply: () => {},
  });
  await nodes.run(seconds(1));
  const { state, words, maintenance } = nodes.node("n3", "n2");
  strictEqual(state, "maintenance");
  match(words, /^maintenance for another (10 min|9 min 5\d s): new disk$/);
  strictEqual(maintenance?.reason, "new disk");
  deepStrictEqual([nodes.status("n3").ready, nodes.status("n3").attention], [{ web: 2 }, []]);
});

Deno.test("reports: another secret is said so, within 2 s", async () => {
  const nodes = new TellingNodes(["n1", "n2"]);
  nodes.cluster.setConfig("n3", file(ANOTHER_SECRET));
  nodes.cluster.start("n3");
  await nodes.run(seconds(2));
  strictEqual(nodes.node("n1", "n3").state, "other-secret");
  await nodes.run(seconds(20));
  strictEqual(nodes.states("n1"), "n2 up, n3 other-secret");
  strictEqual(nodes.states("n3"), "n1 other-secret, n2 other-secret");
  match(nodes.status("n1").attention.join(), /n3 has another secret in \[cluster\]/);
  deepStrictEqual(nodes.status("n3").ready, { web: 1 });
});

Deno.test("reports: a node that was never started is never heard, then does not run", async () => {
  const nodes = new TellingNodes(["n1", "n2"]);
  await nodes.run(seconds(2));
  strictEqual(nodes.node("n1", "n3").state, "never-heard");
  match(nodes.status("n1").attention.join(), /n3 was never heard/);
  await nodes.run(seconds(20));
  strictEqual(nodes.node("n1", "n3").state, "not-running");
  nodes.cluster.start("n3");
  await nodes.run(seconds(1));
  strictEqual(nodes.node("n1", "n3").state, "up");
});

Deno.test("reports: of a lost node nothing is said that was found out before it ran", async () => {
  const nodes = new TellingNodes(["n1", "n2"]);
  await nodes.run(seconds(20));
  strictEqual(nodes.node("n1", "n3").state, "not-running");
  nodes.cluster.start("n3");
  await nodes.run(seconds(2));
  for (const card of ["eth0", "eth1"]) nodes.cluster.lan.machine("n3").setCarrier(card, false);
  await nodes.run(seconds(2));
  const lost = "n3 is lost: it was backup and said no goodbye";
  deepStrictEqual(nodes.status("n1").attention.filter((line) => line.startsWith("n3")), [lost]);
});

Deno.test("reports: where files differ is known within 2 s of a reload, by key", async () => {
  const nodes = await settled();
  const other = file(['interval = "2s"', 'interval = "3s"'], ['"n1", "n2", "n3"', '"n1", "n3"']);
  nodes.cluster.reload("n3", other);
  await nodes.run(milliseconds(500));
  const keys = ["[check.nginx] interval", "[instance.web] prefer"];
  for (const [by, of] of [["n1", "n3"], ["n2", "n3"], ["n3", "n1"]] as const) {
    const { config, differs_in } = nodes.node(by, of);
    deepStrictEqual([config, differs_in], ["differs", keys]);
  }
  strictEqual(nodes.node("n1", "n2").config, "same");
  deepStrictEqual(nodes.status("n1").attention, [`n3's file differs: ${keys.join(", ")}`]);
  nodes.cluster.reload("n3", file());
  await nodes.run(milliseconds(500));
  deepStrictEqual(nodes.status("n1").attention, []);
});

Deno.test("reports: what one file has and another has not is named as a table", async () => {
  const nodes = await settled();
  nodes.cluster.reload(
    "n3",
    file(["[check.nginx]", '[check.disk]\nfile = "/ok"\n\n[check.nginx]']),
  );
  await nodes.run(milliseconds(500));
  deepStrictEqual(nodes.node("n1", "n3").differs_in, ["[check.disk]"]);
  deepStrictEqual(nodes.node("n3", "n1").differs_in, ["[check.disk]"]);
});

Deno.test("reports: only one node that could hold it is worth a word", async () => {
  const nodes = await settled();
  for (const name of ["n2", "n3"]) nodes.cluster.lan.kill(name);
  await nodes.run(seconds(3));
  ok(nodes.status("n1").attention.includes("only n1 could hold web now"));
});

Deno.test("reports: a report a second, and no storm however often things change", async () => {
  const nodes = await settled();
  let sent = 0;
  const host = nodes.cluster.host("n2");
  const send = host?.sealAndSend.bind(host);
  if (host === undefined || send === undefined) throw new Error("n2 does not run");
  host.sealAndSend = (jobs) => {
    sent += jobs.length;
    send(jobs);
  };
  await nodes.run(seconds(20));
  // Two peers with two links each, and a HELLO each ten seconds.
  ok(sent >= 76 && sent <= 100, `${sent} datagrams in 20 s`);
  sent = 0;
  for (let i = 0; i < 100; i++) {
    nodes.cluster.reload("n2", file(['interval = "2s"', `interval = "${(i % 2) + 3}s"`]));
    await nodes.run(milliseconds(20));
  }
  // Ten reports a second, and questions and answers about the file.
  ok(sent <= 300, `${sent} datagrams in 2 s`);
});

/** What `name` sends from now on: how many datagrams of each kind. */
function counting(nodes: TellingNodes, name: string): { beats: number; reports: number } {
  const counts = { beats: 0, reports: 0 };
  const host = nodes.cluster.host(name);
  const send = host?.sealAndSend.bind(host);
  if (host === undefined || send === undefined) throw new Error(`${name} does not run`);
  host.sealAndSend = (jobs) => {
    for (const job of jobs) {
      if ("tag" in job) counts.beats++;
      else if (job.text.length > 0) counts.reports++;
    }
    send(jobs);
  };
  return counts;
}

Deno.test("reports: between changes nodes say that the last report still holds", async () => {
  const nodes = await settled();
  const before = nodes.node("n1", "n2");
  const counts = counting(nodes, "n2");
  for (let second = 0; second < 20; second++) {
    await nodes.run(seconds(1));
    strictEqual(nodes.states("n1"), "n2 up, n3 up");
    const { instances: [web], started, heard_ms } = nodes.node("n1", "n2");
    ok((web?.heard_ms ?? 9999) <= 1100 && (heard_ms ?? 9999) <= 1100);
    // Ages went on with the clock: the instants that they stand for are the same.
    near(web?.since, before.instances[0]?.since);
    near(web?.checks[0]?.since, before.instances[0]?.checks[0]?.since);
    near(started, before.started);
  }
  ok(counts.beats >= 72 && counts.reports <= 4, `${counts.beats} and ${counts.reports}`);
  await nodes.run(seconds(20));
  // To two peers on two links each.
  strictEqual(counts.reports, 4, "a report once in 30 s all the same");
});

function near(one: string | null | undefined, other: string | null | undefined): void {
  ok(one && other && Math.abs(Date.parse(one) - Date.parse(other)) <= 100, `${one} ${other}`);
}

Deno.test("reports: a report that was lost is asked for, and shows within 2 s", async () => {
  const nodes = await settled();
  let lost = 0;
  // All that n2 says to n1 on both links, but BEATs, for half a second from the change on.
  nodes.cluster.lan.machine("n1").filter.talk = (datagram) => {
    const isLost = lost >= 0 && datagram[3] === 3;
    if (isLost) lost++;
    return isLost;
  };
  nodes.cluster.lan.machine("n2").setService("nginx", { ok: false, value: 0 });
  const isKnown = (by: string) => nodes.node(by, "n2").instances[0]?.state === "fault";
  while (!isKnown("n3")) await nodes.run(milliseconds(10));
  await nodes.run(milliseconds(500));
  ok(lost > 0 && !isKnown("n1"));
  lost = -1;
  await nodes.run(milliseconds(1500));
  ok(isKnown("n1"));
  strictEqual(nodes.states("n1"), "n2 up, n3 up");
});

Deno.test("reports: a node that says no more than what is not known here is lost", async () => {
  const nodes = await settled();
  nodes.cluster.lan.machine("n1").filter.talk = (datagram) => datagram[3] === 3;
  nodes.cluster.lan.machine("n2").setService("nginx", { ok: false, value: 0 });
  await nodes.run(seconds(9));
  strictEqual(nodes.node("n1", "n2").state, "lost", "it speaks of a report that never came");
  strictEqual(nodes.node("n1", "n3").state, "up");
});

Deno.test("reports: nodes of the version before are told, and tell, as before", async () => {
  const nodes = new TellingNodes(["n1", "n2"]);
  // Nothing of BEATs reaches n3, and it says that it does not read them.
  const { lan } = nodes.cluster;
  const carry = lan.carryChannel.bind(lan);
  let beats = 0;
  nodes.cluster.start("n3");
  const host = nodes.cluster.host("n3");
  const send = host?.sealAndSend.bind(host);
  if (host === undefined || send === undefined) throw new Error("n3 does not run");
  host.sealAndSend = (jobs) => send(jobs.map(withoutBeats));
  lan.carryChannel = (sender, port, datagram) => {
    if (datagram.bytes[3] === 5 && sender !== lan.machine("n3")) beats++;
    carry(sender, port, datagram);
  };
  await nodes.run(seconds(5));
  beats = 0;
  for (let second = 0; second < 40; second++) {
    await nodes.run(seconds(1));
    deepStrictEqual([nodes.states("n1"), nodes.states("n3")], ["n2 up, n3 up", "n1 up, n2 up"]);
  }
  strictEqual(beats, 0);
});

/** A greeting of a version that opens sealed adverts, and does not read BEATs. */
function withoutBeats(job: ToSend): ToSend {
  return job.head.length === GREETING.size ? { ...job, head: job.head.with(119, 1) } : job;
}

Deno.test("reports: nodes that restart in place are not lost", async () => {
  const nodes = await settled();
  nodes.cluster.restart("n2", milliseconds(300));
  for (let tenth = 0; tenth < 30; tenth++) {
    await nodes.run(milliseconds(100));
    strictEqual(nodes.node("n1", "n2").state, "up", `${tenth}`);
  }
});

/** What becomes of `floatip maintenance on` there. */
async function maintain(nodes: TellingNodes, name: string, force = false) {
  const since = nodes.cluster.host(name)?.wallTime() ?? 0 as WallTime;
  const answers: MaintenanceAnswer[] = [];
  nodes.cluster.order(name, {
    kind: "maintenance",
    wanted: { since, until: undefined, reason: undefined },
    force,
    reply: (answer) => void answers.push(answer),
  });
  for (let second = 0; second < 30 && answers.length === 0; second++) await nodes.run(seconds(1));
  const [answer] = answers;
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

Deno.test("maintenance: refused where no other node is known to be able to hold it", async () => {
  const nodes = await settled();
  nodes.cluster.lan.kill("n2");
  nodes.cluster.lan.machine("n3").setService("nginx", { ok: false });
  await nodes.run(seconds(9));
  const { outcome, words } = await maintain(nodes, "n1");
  strictEqual(outcome, "refused");
  match(words, /^no other node is known to be able to hold web: n2 \(lost \d+ s ago \(.*\)\), n3 /);
  match(words, /n3 \(fault: check nginx is down: ill\)$/);
  strictEqual(nodes.status("n1").instances[0]?.state, "master");
  strictEqual((await maintain(nodes, "n1", true)).outcome, "on");
});

Deno.test("maintenance: goes on where another node could hold it, on a backup too", async () => {
  const nodes = await settled();
  strictEqual((await maintain(nodes, "n3")).outcome, "on");
  strictEqual((await maintain(nodes, "n2")).outcome, "on");
  const { outcome, words } = await maintain(nodes, "n1");
  strictEqual(outcome, "refused");
  match(words, /n2 \(maintenance\), n3 \(maintenance\)$/);
});

Deno.test("maintenance: a node in fault holds nothing, so nothing is lost by it", async () => {
  const nodes = await settled();
  for (const name of ["n2", "n3"]) nodes.cluster.lan.kill(name);
  nodes.cluster.lan.machine("n1").setService("nginx", { ok: false });
  await nodes.run(seconds(9));
  strictEqual((await maintain(nodes, "n1")).outcome, "on");
});
