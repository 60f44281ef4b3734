/** When the state for the next process is written, and its age. */
import assert from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import { ResumeWriter } from "../../../src/daemon/resume_writer.ts";
import type { ResumeState } from "../../../src/daemon/resume.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { type Instant, milliseconds, nanoseconds, type WallTime } from "../../../src/time.ts";
import type { State } from "../../../src/vrrp/state.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";

/** A master, a clock that is set by hand, and the adverts (in ms) that the notes tell of. */
const NONE: readonly string[] = [];

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
      seals: () => [],
      sealing: () => NONE,
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

  /** What was written down so far of whether it is master, after `act`. */
  after(act: (writer: ResumeWriter) => void): readonly boolean[] {
    act(this.#writer);
    return this.told.map((ms) => !Number.isNaN(ms));
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

Deno.test("resume writer: a leaving master is written before, with others once", () => {
  const alone = new Desk().at(0, "advert");
  alone.router.state = leave(alone.router.state);
  assert.deepEqual(alone.after((writer) => writer.leaves(alone.router)), [true, false]);

  const among = new Desk().at(0, "advert");
  assert.deepEqual(among.after((writer) => writer.willLeave([among.router])), [true, false]);
  // It is master still, and what is written down meanwhile does not say so.
  among.at(300, "advert");
  among.router.state = leave(among.router.state);
  const written = among.after((writer) => writer.leaves(among.router));
  assert.deepEqual(written, [true, false, false], "not once more for each");
});

Deno.test("resume writer: a master that stays after all is written as one again", () => {
  const desk = new Desk().at(0, "advert");
  desk.after((writer) => writer.willLeave([desk.router]));
  desk.after((writer) => writer.willLeave([]));
  assert.deepEqual(desk.at(10, "other").after(() => {}), [true, false, true]);
});

function leave(state: State): State {
  assert.equal(state.kind, "master");
  return { kind: "init", faults: [] };
}
