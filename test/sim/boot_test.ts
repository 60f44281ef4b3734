/** What does a simulated program learn of its machine's start? Kills and pauses leave it alone, power does not. */
import assert from "node:assert/strict";
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

function machineWithProgram() {
  const lan = new Lan(1);
  const host = lan.start(lan.createMachine("n1"), forever);
  return { lan, boot: () => host.boot() };
}

function forever(host: { wait(deadline: undefined): Promise<unknown> }): Promise<void> {
  return host.wait(undefined).then(() => forever(host));
}
