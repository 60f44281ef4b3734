/** The simulated fence: shut when its time has passed, whatever became of the program. */
import assert from "node:assert/strict";
import { ip } from "../../src/net/ip.ts";
import { parsePrefix } from "../../src/net/prefix.ts";
import { milliseconds, type Nanoseconds, seconds } from "../../src/time.ts";
import { Cluster, configFrom } from "./cluster.ts";
import { Lan } from "./lan.ts";

const ADDRESS = "192.168.1.50";
const HELD = { interface: "eth0", prefix: parsePrefix(`${ADDRESS}/24`) ?? assert.fail() };
const TIMES = { open: milliseconds(300), guarded: seconds(3) };

Deno.test("the address of a killed program is silent from its time on, later free", async () => {
  const { lan, machine, host } = machineWithProgram();
  const answers = () => machine.answersFor(ADDRESS, "lan") !== undefined;
  host.addAddress(HELD, seconds(1));
  assert.equal(host.fence.keepOpen([ip(ADDRESS)], TIMES), true);
  lan.kill("n1");
  await lan.run(milliseconds(299));
  assert.equal(answers(), true);
  await lan.run(milliseconds(1));
  assert.equal(answers(), false);
  assert.equal(machine.has(ADDRESS), true);
  await lan.run(seconds(3));
  machine.add(HELD);
  assert.equal(answers(), true);
});

Deno.test("what is forgotten is answered for as long as it is there", async () => {
  const { lan, machine, host } = machineWithProgram();
  host.addAddress(HELD);
  host.fence.keepOpen([ip(ADDRESS)], TIMES);
  await lan.run(seconds(1));
  assert.equal(machine.answersFor(ADDRESS, "lan"), undefined);
  host.fence.forget([ip(ADDRESS)]);
  assert.ok(machine.answersFor(ADDRESS, "lan"));
});

Deno.test("a kernel without nf_tables has no fence, and says so", async () => {
  const { lan, machine, host } = machineWithProgram();
  machine.fence.isPossible = false;
  host.addAddress(HELD);
  host.fence.settle({ interfaces: ["eth0"], times: [TIMES] });
  assert.deepEqual(host.fence.state, { kind: "none", words: "the kernel has no nf_tables" });
  assert.equal(host.fence.keepOpen([ip(ADDRESS)], TIMES), false);
  await lan.run(seconds(1));
  assert.ok(machine.answersFor(ADDRESS, "lan"));
});

/** An hour is some seconds of a test; `HOURS=24 deno test -A test/sim/fence_test.ts` is a day. */
const HOURS = Number(Deno.env.get("HOURS") ?? 0.25);

for (const interval of ["1s", "100ms"]) {
  const hours = interval === "1s" ? HOURS : HOURS / 10;
  Deno.test(`adverts each ${interval} for ${hours} h: the fence is never shut`, async () => {
    const { made, holder } = await pair(interval);
    const { fence } = holder;
    const keepOpen = fence.keepOpen.bind(fence);
    let [renewals, lapses] = [0, 0];
    fence.keepOpen = (addresses, times) => {
      renewals++;
      if (fence.isShut(ADDRESS)) lapses++;
      return keepOpen(addresses, times);
    };
    await made.lan.run(hours * 3600 * 1e9 as Nanoseconds);
    assert.equal(lapses, 0);
    assert.equal(holder.has(ADDRESS), true);
    const expected = hours * 3600 * (interval === "1s" ? 1 : 10);
    assert.ok(renewals >= expected * 0.99, `${renewals} renewals of ${expected}`);
  });
}

Deno.test("adverts each 10 ms: a master that stops answers until it gives up waiting", async () => {
  const { made, holder } = await pair("10ms");
  const [other] = ["n1", "n2"].filter((name) => name !== holder.name);
  made.lan.kill(other ?? assert.fail());
  made.stop(holder.name);
  while (holder.has(ADDRESS)) {
    assert.equal(holder.fence.isShut(ADDRESS), false, `after ${made.lan.now / 1e6} ms`);
    await made.lan.run(milliseconds(1));
  }
});

/** Two nodes of which one is master. */
async function pair(interval: string) {
  const made = new Cluster(1);
  for (const [index, name] of ["n1", "n2"].entries()) {
    const addresses = [`192.168.1.${11 + index}/24`];
    made.createNode(name, [{ name: "eth0", segment: "lan", addresses }]);
    made.setConfig(
      name,
      configFrom(
        `[nodes]\nn1 = "192.168.1.11"\nn2 = "192.168.1.12"\n[instance.web]\nvrid = 51\n` +
          `addresses = ["${ADDRESS}/24"]\nadvert_interval = "${interval}"\n`,
      ),
    );
    made.start(name);
  }
  await made.lan.run(seconds(10));
  const holder = ["n1", "n2"].map((name) => made.lan.machine(name))
    .find((machine) => machine.has(ADDRESS)) ?? assert.fail();
  return { made, holder };
}

function machineWithProgram() {
  const lan = new Lan(1);
  const machine = lan.createMachine("n1");
  machine.createPort("eth0", "lan");
  const host = lan.start(machine, forever);
  return { lan, machine, host };
}

function forever(host: { wait(deadline: undefined): Promise<unknown> }): Promise<void> {
  return host.wait(undefined).then(() => forever(host));
}
