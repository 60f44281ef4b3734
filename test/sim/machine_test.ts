/** Simulated machines: starts, clocks and suspension. */
import assert from "node:assert/strict";
import { ip } from "../../src/net/ip.ts";
import { seconds } from "../../src/time.ts";
import { Lan } from "./lan.ts";

Deno.test("a machine's clock goes on while programs come, go and stand still", async () => {
  const { lan, boot } = machineWithProgram();
  await lan.run(seconds(3));
  assert.deepEqual(boot(), { id: "n1 1", now: seconds(3) });
  lan.pause("n1");
  await lan.run(seconds(4));
  lan.resume("n1");
  assert.deepEqual(boot(), { id: "n1 1", now: seconds(7) });
  lan.kill("n1");
  await lan.run(seconds(1));
  lan.start(lan.machine("n1"), forever);
  await lan.run(seconds(1));
  assert.deepEqual(boot(), { id: "n1 1", now: seconds(9) });
});

Deno.test("each start of a machine has a name of its own, and its clock begins again", async () => {
  const { lan, boot } = machineWithProgram();
  await lan.run(seconds(3));
  lan.machine("n1").setPowered(false);
  await lan.run(seconds(5));
  lan.machine("n1").setPowered(true);
  await lan.run(seconds(2));
  assert.deepEqual(boot(), { id: "n1 2", now: seconds(2) });
});

Deno.test("a machine that stalls finds its clocks as its kind of stall left them", async () => {
  const kinds = [["stopped", 3, 3], ["suspended", 3, 7], ["starved", 7, 7]] as const;
  for (const [how, monotonic, boottime] of kinds) {
    const { lan, machine, boot, now } = machineWithProgram();
    const start = now();
    const { clock } = machine;
    const kernelStart = clock.monotonic();
    await lan.run(seconds(2));
    lan.freeze("n1", how);
    await lan.run(seconds(4));
    lan.thaw("n1");
    await lan.run(seconds(1));
    assert.equal(clock.monotonic() - kernelStart, seconds(monotonic), how);
    assert.deepEqual([now() - start, boot().now], [seconds(boottime), seconds(boottime)], how);
  }
});

Deno.test("lifetimes stop with their machine, and run out late where its clock stops", async () => {
  for (
    const [how, gone] of [["stopped", false], ["suspended", false], ["starved", true]] as const
  ) {
    const { lan, machine } = machineWithProgram();
    machine.createPort("eth0", "lan");
    machine.add(
      { interface: "eth0", prefix: { address: ip("10.0.0.50"), length: 24 } },
      seconds(2),
    );
    lan.freeze("n1", how);
    await lan.run(seconds(5));
    assert.equal(machine.has("10.0.0.50"), true, "nobody is there to take it away");
    lan.thaw("n1");
    await lan.run(seconds(1));
    assert.equal(machine.has("10.0.0.50"), !gone, how);
    await lan.run(seconds(2));
    assert.equal(machine.has("10.0.0.50"), false, how);
  }
});

function machineWithProgram() {
  const lan = new Lan(1);
  const machine = lan.createMachine("n1");
  const host = lan.start(machine, forever);
  return { lan, machine, boot: () => host.boot(), now: () => host.now() };
}

function forever(host: { wait(deadline: undefined): Promise<unknown> }): Promise<void> {
  return host.wait(undefined).then(() => forever(host));
}
