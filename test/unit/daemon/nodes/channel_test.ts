/** The channel of a daemon: sessions over the host, through restarts, reloads and refusals. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { milliseconds, seconds } from "../../../../src/time.ts";
import type { Config } from "../../../../src/config/config.ts";
import { configFrom } from "../../../sim/cluster.ts";
import { Speakers } from "../../../support/cluster/speakers.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const OTHER_SECRET = "Zx9cV8bN7mA6sD5fG4hJ3kL2qW1eR0tY9uI8oP7aS6c";

/** The file of three nodes; `changes` replace parts of it. */
function file(changes: Readonly<Record<string, string>> = {}): Config {
  let text = `[nodes]
n1 = { address = "10.0.0.1", links = ["10.9.0.1"] }
n2 = { address = "10.0.0.2", links = ["10.9.0.2"] }
n3 = "10.0.0.3"
gw = { address = "10.0.0.9", only_vrrp = true }

[cluster]
secret = "${SECRET}"

[instance.web]
vrid = 51
addresses = ["10.0.0.50/24"]
`;
  for (const [part, other] of Object.entries(changes)) {
    ok(text.includes(part), part);
    text = text.replaceAll(part, other);
  }
  return configFrom(text);
}

function speaking(config = file()): Speakers {
  const speakers = new Speakers(3);
  for (const name of ["n1", "n2", "n3"]) speakers.start(name, config);
  return speakers;
}

Deno.test("channel: sessions are there within a tenth of a second, on each link", async () => {
  const speakers = speaking();
  await speakers.lan.run(milliseconds(100));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2", "n3"]);
  deepStrictEqual(speakers.sessionsOf("n3"), ["n1", "n2"]);
  speakers.say("n1", "n2", "well");
  await speakers.lan.run(milliseconds(100));
  const froms = speakers.heard.map(({ by, peer, from, text }) => `${by} ${peer} ${from} ${text}`);
  deepStrictEqual(froms, ["n2 n1 10.0.0.1 well", "n2 n1 10.9.0.1 well"]);
});

Deno.test("channel: what is said arrives by the other link when one is cut", async () => {
  const speakers = speaking();
  await speakers.lan.run(seconds(1));
  speakers.lan.paths.cutOn("lan", "n1", "n2");
  speakers.say("n1", "n2", "well");
  await speakers.lan.run(milliseconds(100));
  deepStrictEqual(speakers.heard.map(({ from }) => from), ["10.9.0.1"]);
});

Deno.test("channel: a process that restarts has sessions again within a second", async () => {
  const speakers = speaking();
  await speakers.lan.run(seconds(5));
  speakers.start("n1", file());
  await speakers.lan.run(milliseconds(300));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2", "n3"]);
  speakers.say("n2", "n1", "again");
  await speakers.lan.run(milliseconds(100));
  deepStrictEqual(new Set(speakers.heard.map(({ text }) => text)), new Set(["again"]));
});

Deno.test("channel: a reload leaves sessions of peers that stay, and drops others", async () => {
  const speakers = speaking();
  await speakers.lan.run(seconds(2));
  const without = file({ 'n3 = "10.0.0.3"\n': "" });
  speakers.reload("n1", without);
  await speakers.lan.run(milliseconds(1));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2"]);
  speakers.say("n3", "n1", "from a stranger");
  speakers.say("n2", "n1", "from a node");
  await speakers.lan.run(milliseconds(100));
  deepStrictEqual(new Set(speakers.heard.map(({ peer }) => peer)), new Set(["n2"]));
  speakers.reload("n1", file());
  await speakers.lan.run(seconds(4));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2", "n3"]);
});

Deno.test("channel: a new secret is taken without a gap while both are known", async () => {
  const speakers = speaking();
  await speakers.lan.run(seconds(2));
  const say = async (text: string) => {
    for (const [from, to] of [["n1", "n2"], ["n2", "n1"]] as const) speakers.say(from, to, text);
    await speakers.lan.run(milliseconds(100));
    return speakers.heard.filter((heard) => heard.text === text).length;
  };
  const both = file({ [`"${SECRET}"`]: `"""\n${SECRET}\n${OTHER_SECRET} next\n"""` });
  const turned = file({ [`"${SECRET}"`]: `"""\n${OTHER_SECRET}\n${SECRET}\n"""` });
  for (const config of [both, turned]) {
    for (const name of ["n1", "n2", "n3"]) {
      speakers.reload(name, config);
      strictEqual(await say(`${name} ${config.cluster?.keys[0]?.id}`), 4);
    }
  }
});

Deno.test("channel: another secret is none, and each refusal is counted", async () => {
  const speakers = speaking();
  speakers.start("n3", file({ [SECRET]: OTHER_SECRET }));
  await speakers.lan.run(seconds(3));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2"]);
  deepStrictEqual(speakers.sessionsOf("n3"), []);
  ok((speakers.channel("n1").refused.get("other-secret") ?? 0) >= 2);
});

Deno.test("channel: a port that is refused is told once, and asked for again", async () => {
  const speakers = new Speakers(3);
  speakers.lan.machine("n1").refuse("open", 2, "EADDRINUSE");
  for (const name of ["n1", "n2", "n3"]) speakers.start(name, file());
  await speakers.lan.run(seconds(4));
  const words = "the nodes' channel cannot be opened: bind UDP port 337 of the cluster: " +
    "EADDRINUSE (EADDRINUSE)";
  deepStrictEqual(speakers.channel("n1").attention, [words]);
  await speakers.lan.run(seconds(12));
  deepStrictEqual(speakers.channel("n1").attention, []);
  deepStrictEqual(speakers.told, [
    `n1 warning: ${words}`,
    "n1 info: the nodes' channel is open",
  ]);
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2", "n3"]);
});

Deno.test("channel: a file without [cluster] has none, one with it opens it", async () => {
  const speakers = new Speakers(3);
  const without = configFrom(
    '[nodes]\nn1 = "10.0.0.1"\nn2 = "10.0.0.2"\nn3 = "10.0.0.3"\n' +
      '[instance.web]\nvrid = 51\naddresses = ["10.0.0.50/24"]\n',
  );
  for (const name of ["n1", "n2"]) speakers.start(name, without);
  await speakers.lan.run(seconds(2));
  strictEqual(speakers.channel("n1").nextDeadline(), undefined);
  for (const name of ["n1", "n2"]) speakers.reload(name, file());
  await speakers.lan.run(seconds(1));
  deepStrictEqual(speakers.sessionsOf("n1"), ["n2"]);
  speakers.reload("n1", without);
  await speakers.lan.run(seconds(1));
  deepStrictEqual(speakers.channel("n1").peers(speakers.lan.now), []);
});
