/** The second opinion of a backup: when it asks, what keeps it waiting, and when it takes over. */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import type { Event, Opinion } from "../../../src/vrrp/event.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import {
  at,
  heard,
  HIGHER,
  holds,
  LOWER,
  reports,
  type Router,
  router,
  rules,
} from "../../support/vrrp/scene.ts";

const OPINION = rules({ secondOpinion: true });
/** Of priority 100 at adverts of 1 s. */
const SKEW = 609.375;
const DOWN = 3000 + SKEW;
const GONE: Opinion = { kind: "gone", source: HIGHER, says: "released" };

function due(opinion?: Opinion): Event {
  return { kind: "deadline", opinion };
}

/** When it takes over by itself before `ms`, and why. */
function takeover(it: Router, ms: number): string | undefined {
  return it.runTo(ms).find((line) => line.includes("backup->master"));
}

/** A backup that has heard a master at 500 ms, and nothing since. */
function silent(own: Rules = OPINION, priority = 200): Router {
  const it = router(own);
  it.take(500, heard(priority, HIGHER, own.advertInterval / 1e6));
  return it;
}

/** The same, and it waits for reports: the last one came at 4050 ms. */
function waiting(own: Rules = OPINION): Router {
  const it = silent(own);
  it.take(500 + DOWN - 150, due());
  it.take(500 + DOWN, due(holds(4050)));
  return it;
}

Deno.test("opinion: asked once, 150 ms before the takeover; with fast adverts one interval", () => {
  for (const [interval, ahead] of [[1000, 150], [3000, 150], [100, 100], [10, 10]] as const) {
    const it = router(rules({ secondOpinion: true, advertInterval: milliseconds(interval) }));
    const down = 3 * interval + SKEW * interval / 1000;
    assert.equal(it.deadline(), down - ahead);
    assert.deepEqual(it.take(down - ahead, due()), ["ask"]);
    assert.equal(it.deadline(), down);
  }
});

Deno.test("opinion: a neighbour is asked for the address all the same", () => {
  const it = silent(rules({ secondOpinion: true, duplicateCheck: true }));
  assert.deepEqual(it.take(500 + DOWN - 150, due()), ["ask", "probe"]);
});

Deno.test("opinion: none, and the takeover is when it always was", () => {
  for (const own of [OPINION, rules()]) {
    const it = silent(own);
    const lines = it.runTo(500 + DOWN).filter((line) => !line.endsWith("ask"));
    assert.deepEqual(lines.slice(0, 2), [`${500 + DOWN} advert 100`, `${500 + DOWN} add`]);
  }
});

Deno.test("opinion: a report of the master keeps a backup waiting, and is told once", () => {
  const it = silent();
  it.take(500 + DOWN - 150, due());
  assert.deepEqual(it.take(500 + DOWN, due(holds(4050))), []);
  assert.deepEqual(it.observations(), [`adverts lost ${DOWN}`]);
  assert.equal(it.state().kind, "backup");
  it.take(4300, reports(holds(4300)));
  assert.deepEqual(it.observations(), []);
});

Deno.test("opinion: a report that is older than an interval counts for nothing", () => {
  for (const [age, kind] of [[1000, "backup"], [1000.001, "master"]] as const) {
    const it = silent();
    it.take(500 + DOWN, due(holds(500 + DOWN - age)));
    assert.equal(it.state().kind, kind, `${age} ms old`);
  }
  const slow = silent(rules({ secondOpinion: true, advertInterval: seconds(40) }));
  const down = slow.deadline() ?? 0;
  slow.take(down + 150, due(holds(down + 150 - 3001)));
  assert.equal(slow.state().kind, "master", "reports come once a second: 3 s are long");
});

Deno.test("opinion: it asks on, and takes over when reports stop", () => {
  const it = waiting();
  assert.deepEqual(it.runTo(6000), [
    "4383.333333 ask",
    "4716.666666 ask",
    `${5050 + SKEW} advert 100`,
    `${5050 + SKEW} add`,
    `${5050 + SKEW} announce 5`,
    `${5050 + SKEW} backup->master reports-ended`,
  ]);
});

Deno.test("opinion: reports that go on keep it waiting for as long as they come", () => {
  const it = waiting();
  for (let ms = 5000; ms < 100_000; ms += 1000) {
    assert.ok(it.runTo(ms).every((line) => line.endsWith("ask")), `at ${ms}`);
    it.take(ms, reports(holds(ms)));
  }
  assert.equal(it.state().kind, "backup");
});

Deno.test("opinion: fast adverts: reports come less often, and count for longer", () => {
  const own = rules({ secondOpinion: true, advertInterval: milliseconds(10) });
  const it = silent(own);
  const down = it.deadline() ?? 0;
  it.take(down, due());
  it.take(down + 10, due(holds(down + 5)));
  assert.equal(it.deadline(), down + 105, "ten questions a second");
  assert.equal(
    takeover(it, down + 400),
    `${down + 305 + SKEW / 100} backup->master reports-ended`,
  );
});

Deno.test("opinion: the master reports that it let go: taken over within a skew", () => {
  const it = waiting();
  it.take(4200, reports(GONE));
  assert.equal(it.deadline(), 4200 + SKEW);
  assert.equal(it.take(4200 + SKEW, due()).at(-1), "backup->master reported-gone");
});

Deno.test("opinion: it lets go, and another node holds: no second master", () => {
  const it = waiting();
  it.take(4200, reports(GONE));
  it.take(4400, reports(holds(4400, { source: LOWER, priority: 190 })));
  assert.equal(takeover(it, 4400 + 1000), undefined);
  assert.equal(takeover(it, 9000), `${4400 + 1000 + SKEW} backup->master reports-ended`);
});

Deno.test("opinion: an advert ends the waiting", () => {
  const it = waiting();
  it.take(4500, heard(200));
  assert.deepEqual(it.observations(), ["gap 4000"]);
  assert.equal(it.deadline(), 4500 + DOWN - 150);
});

Deno.test("opinion: the master says priority 0: what it reported before does not count", () => {
  const it = silent();
  it.take(3700, heard(200));
  it.take(4000, heard(0));
  assert.equal(it.deadline(), 4000 + SKEW - 150);
  it.take(4000 + SKEW, due(holds(3990)));
  assert.equal(it.transitions().at(-1)?.cause.kind, "master-left");
  const other = silent();
  other.take(3700, heard(200));
  other.take(4000, heard(0));
  other.take(4000 + SKEW, due(holds(4200, { source: LOWER })));
  assert.equal(other.state().kind, "backup", "a better one has taken over, and is not heard");
});

Deno.test("opinion: a master that is heard is preempted, whatever it reports", () => {
  const it = router(OPINION);
  for (const ms of [500, 1500, 2500, 3500]) it.take(ms, heard(50));
  assert.equal(it.deadline(), DOWN, "nothing to ask");
  it.take(DOWN, due(holds(3600, { priority: 50 })));
  assert.equal(it.transitions().at(-1)?.cause.kind, "preempted-master");
});

Deno.test("opinion: a losing master that fell silent is not preempted while it reports", () => {
  const it = router(OPINION);
  it.take(100, heard(50));
  assert.equal(it.deadline(), DOWN - 150);
  it.take(DOWN, due(holds(3600, { priority: 50 })));
  assert.equal(it.state().kind, "backup");
});

Deno.test("opinion: a node that starts and hears no advert asks too", () => {
  const own = rules({ secondOpinion: true, initialState: "master" });
  for (const it of [router(OPINION), router(own)]) {
    assert.deepEqual(it.take(DOWN - 150, due()), ["ask"]);
    assert.deepEqual(it.take(DOWN, due(holds(DOWN - 100))), []);
    assert.deepEqual(it.observations(), [`adverts lost ${DOWN}`]);
    assert.equal(takeover(it, 9000), `${DOWN - 100 + 1000 + SKEW} backup->master reports-ended`);
  }
});

Deno.test("opinion: the owner asks no other node", () => {
  const own = rules({ secondOpinion: true, priority: 255 });
  const it = router(own);
  it.take(100, heard(255, HIGHER));
  const down = it.deadline() ?? 0;
  it.take(down, due(holds(down)));
  assert.equal(it.state().kind, "master");
});

Deno.test("opinion: after a stall it listens again, and a report counts then", () => {
  const it = waiting();
  const late = 60_000;
  assert.deepEqual(it.take(late, due(holds(late))), []);
  assert.equal(it.deadline(), late + 1000 + SKEW);
  it.take(late + 1000 + SKEW, due(holds(late + 900)));
  assert.equal(it.state().kind, "backup");
});

Deno.test("opinion: a reload that ends the reports ends the waiting in time", () => {
  const it = waiting();
  it.replaceRules(4100, rules());
  it.take(4200, reports(holds(4200)));
  assert.equal(takeover(it, 9000), `${5050 + SKEW} backup->master reports-ended`);
  const other = silent(rules());
  other.replaceRules(1000, OPINION);
  assert.equal(other.deadline(), 500 + DOWN - 150);
});

Deno.test("opinion: a member that waits for its group goes back to waiting for reports", () => {
  const it = silent(rules({ secondOpinion: true, grouped: true }));
  it.runTo(500 + DOWN);
  assert.equal(it.deadline(), undefined);
  it.take(4300, reports(holds(4300)));
  assert.deepEqual(it.take(4310, { kind: "group-claim", member: "outside" }), []);
  const { state } = it;
  assert.equal(state().kind, "backup");
  assert.ok((it.deadline() ?? 0) > at(4300) / 1e6);
});
