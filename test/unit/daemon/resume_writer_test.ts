/** When the state for the next process is written, and its age. */
import assert from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import { ResumeWriter } from "../../../src/daemon/resume_writer.ts";
import type { ResumeState } from "../../../src/daemon/resume.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { type Instant, milliseconds, nanoseconds, type WallTime } from "../../../src/time.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";

/** A master, a clock that is set by hand, and the adverts (in ms) that the notes tell of. */
class Desk {
  readonly told: number[] = [];
  readonly router = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  readonly #writer: ResumeWriter;
  #nowMs = 0;

  constructor() {
    const at = () => milliseconds(this.#nowMs) as number as Instant;
    const host = { now: at, boot: () => ({ id: "one", now: nanoseconds(at()) }) };
    this.router.state = becomeMaster("init", { kind: "start" }, at(), this.router.rules).state;
    this.#writer = new ResumeWriter({
      host,
      write: (state) => this.#take(state),
      routers: { all: [this.router] },
      checks: new Checks(),
      checkNames: () => [],
      advertisedAt: () => this.router.advertisedAt,
    });
  }

  /** Something happens at `ms`: an advert, or something else. */
  at(ms: number, what: "advert" | "other"): this {
    this.#nowMs = ms;
    if (what === "advert") this.router.advertisedAt = milliseconds(ms) as number as Instant;
    this.#writer.tick(milliseconds(ms) as number as Instant);
    return this;
  }

  get putOffUntilMs(): number | undefined {
    const deadline = this.#writer.nextDeadline();
    return deadline === undefined ? undefined : deadline / 1e6;
  }

  #take(state: ResumeState): void {
    this.told.push((state.routers[0]?.master?.advertised ?? NaN) / 1e6);
  }
}

Deno.test("resume writer: an advert is written down at once, whatever was just before", () => {
  const desk = new Desk().at(0, "advert").at(400, "other").at(500, "advert");
  assert.deepEqual(desk.told, [0, 500]);
  assert.equal(desk.putOffUntilMs, undefined);
});

Deno.test("resume writer: fast adverts are written four times a second, the last too", () => {
  const desk = new Desk();
  for (let ms = 0; ms <= 240; ms += 10) desk.at(ms, "advert");
  assert.deepEqual([desk.told, desk.putOffUntilMs], [[0], 250]);
  assert.deepEqual(desk.at(250, "other").told, [0, 240]);
});

Deno.test("resume writer: where nothing is new, a fresh note is not written again", () => {
  assert.deepEqual(new Desk().at(0, "advert").at(100, "other").at(200, "other").told, [0]);
});
