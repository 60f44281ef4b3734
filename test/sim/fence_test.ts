/** The simulated fence: shut when its time has passed, whatever became of the program. */
import assert from "node:assert/strict";
import { ip } from "../../src/net/ip.ts";
import { parsePrefix } from "../../src/net/prefix.ts";
import { milliseconds, seconds } from "../../src/time.ts";
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
