/** When is the note for the next process written, and how old can it be? */
import assert from "node:assert/strict";
import type { Host } from "../../../src/host.ts";
import { Checks } from "../../../src/daemon/checks.ts";
import { Keeper } from "../../../src/daemon/keeper.ts";
import type { Order } from "../../../src/daemon/order.ts";
import type { ResumeNote } from "../../../src/daemon/resume.ts";
import type { Roster } from "../../../src/daemon/roster.ts";
import { createRouter } from "../../../src/daemon/router.ts";
import { type Instant, milliseconds, nanoseconds, type WallTime } from "../../../src/time.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "./plans.ts";

/** A master, a clock that is set by hand, and the adverts (in ms) that the notes tell of. */
class Desk {
  readonly told: number[] = [];
  readonly router = createRouter(aPlan(), 0 as WallTime, 0 as Instant);
  readonly #keeper: Keeper;
  #nowMs = 0;

  constructor() {
    const at = () => milliseconds(this.#nowMs) as number as Instant;
    const host = { now: at, boot: () => ({ id: "one", now: nanoseconds(at()) }) };
    this.router.state = becomeMaster("init", { kind: "start" }, at(), this.router.rules).state;
    this.#keeper = new Keeper(host as unknown as Host<Order>, (note) => this.#take(note));
  }

  /** Something happens at `ms`: an advert, or something else. */
  at(ms: number, what: "advert" | "other"): this {
    this.#nowMs = ms;
    if (what === "advert") this.router.advertisedAt = milliseconds(ms) as number as Instant;
    const roster = { routers: [this.router], checks: new Checks(), node: undefined };
    this.#keeper.keep(roster as unknown as Roster, "in a while");
    return this;
  }

  get putOffUntilMs(): number | undefined {
    const deadline = this.#keeper.nextDeadline();
    return deadline === undefined ? undefined : deadline / 1e6;
  }

  #take(note: ResumeNote): void {
    this.told.push((note.routers[0]?.master?.advertised ?? NaN) / 1e6);
  }
}

Deno.test("keeper: an advert is written down at once, whatever was just before", () => {
  const desk = new Desk().at(0, "advert").at(400, "other").at(500, "advert");
  assert.deepEqual(desk.told, [0, 0, 500]);
  assert.equal(desk.putOffUntilMs, undefined);
});

Deno.test("keeper: fast adverts are written down four times a second, the last of them too", () => {
  const desk = new Desk();
  for (let ms = 0; ms <= 240; ms += 10) desk.at(ms, "advert");
  assert.deepEqual([desk.told, desk.putOffUntilMs], [[0], 250]);
  assert.deepEqual(desk.at(250, "other").told, [0, 240]);
});

Deno.test("keeper: where nothing is new, a fresh note is not written again", () => {
  assert.deepEqual(new Desk().at(0, "advert").at(100, "other").at(200, "other").told, [0]);
});
