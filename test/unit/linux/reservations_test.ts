/** Names of one process, against this machine's kernel: no privilege is needed for them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Libc } from "../../../src/linux/libc.ts";
import { Poller } from "../../../src/linux/poller.ts";
import { Reservations } from "../../../src/linux/reservations.ts";

Deno.test("reservations: those that ask wake the holder once, however many names it has", () => {
  using libc = new Libc();
  using poller = new Poller(libc);
  using holder = new Reservations(libc, poller);
  using asker = new Reservations(libc, poller);
  const names = Array.from({ length: 40 }, (_, i) => `floatip test ${Deno.pid} ${i}`);
  deepStrictEqual([...holder.settle(names)], []);
  strictEqual(poller.ready().size, 0, "nothing was asked");

  const found = asker.settle(names);
  deepStrictEqual([...found], names.map((name) => [name, Deno.pid]));
  strictEqual(poller.ready().size, 1);
  holder.drain(poller.ready());
  strictEqual(poller.ready().size, 0, "all have their answer");

  holder.settle(names.slice(1));
  deepStrictEqual([...asker.settle(names.slice(0, 1))], [], "what was given back is free");
});

Deno.test("reservations: those that ask without end keep the holder busy for a moment only", () => {
  using libc = new Libc();
  using poller = new Poller(libc);
  using holder = new Reservations(libc, poller);
  using asker = new Reservations(libc, poller);
  const name = `floatip test ${Deno.pid}`;
  holder.settle([name]);
  let looks = 0;
  for (let i = 0; i < 100; i++) {
    asker.settle([name]);
    const ready = poller.ready();
    looks += ready.size;
    holder.drain(ready);
  }
  strictEqual(looks < 30, true, `${looks} looks`);
});
