/** What the engine is told of what the other nodes report. */
import assert from "node:assert/strict";
import type { Word } from "../../../../src/cluster/knowledge.ts";
import type { RouterReport } from "../../../../src/cluster/report.ts";
import { opinionOf, type OwnPlace } from "../../../../src/daemon/nodes/opinion.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { formatIp, ip } from "../../../../src/net/ip.ts";
import type { Instant, WallTime } from "../../../../src/time.ts";
import type { Opinion } from "../../../../src/vrrp/event.ts";
import { becomeMaster, newBackup } from "../../../../src/vrrp/transitions.ts";
import { routerReport } from "../../../support/cluster/reports.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

type VirtualRouter = ReturnType<typeof createVirtualRouter>;

const B = "10.77.0.2";
const C = "10.77.0.3";
const HERE: OwnPlace = { link: true, gateway: true };
const START = 0 as Instant;
const NOW = 10e9 as Instant;

/** A backup; `waitedFor`: by whose reports it knows its master. */
function aBackup(waitedFor?: string): VirtualRouter {
  const router = createVirtualRouter(aPlan(), 0 as WallTime, START);
  const backup = newBackup(START, router.rules);
  router.state = waitedFor === undefined ? backup : {
    ...backup,
    master: {
      kind: "reported",
      source: ip(waitedFor),
      priority: 200,
      at: START,
      heard: undefined,
      gone: undefined,
    },
  };
  return router;
}

function aMaster(): VirtualRouter {
  const router = aBackup();
  const { state } = becomeMaster("init", { kind: "start" }, START, router.rules);
  router.state = state;
  return router;
}

const { vrid } = aBackup().rules;

/** The node at `source` says that it is master. */
function word(
  source: string | null,
  changes: Partial<RouterReport> = {},
  isLeaving = false,
  at: Instant = NOW,
): Word {
  const report = routerReport({ vrid, state: "master", priority: 200, source, ...changes });
  return { node: source ?? "?", report, at, isLeaving };
}

function brief(opinion: Opinion | undefined): string | undefined {
  if (opinion === undefined) return undefined;
  const what = opinion.kind === "gone"
    ? opinion.says
    : `${opinion.priority}${opinion.isBetterPlaced ? " better placed" : ""}`;
  return `${formatIp(opinion.source)} ${opinion.kind} ${what}`;
}

const OF: Readonly<
  Record<
    string,
    readonly [
      router: VirtualRouter,
      words: readonly Word[],
      own: OwnPlace,
      expected: string | undefined,
    ]
  >
> = {
  "none": [aBackup(), [], HERE, undefined],
  "a holder": [aBackup(), [word(B)], HERE, `${B} holds 200`],
  "a backup": [aBackup(), [word(B, { state: "backup" })], HERE, undefined],
  "one that leaves": [aBackup(), [word(B, {}, true)], HERE, undefined],
  "one that hands over": [aBackup(), [word(B, { yields: true })], HERE, undefined],
  "another VRID": [aBackup(), [word(B, { vrid: vrid + 1 })], HERE, undefined],
  "an older version": [aBackup(), [word(B, { vrid: 0 })], HERE, `${B} holds 200`],
  "no source yet": [aBackup(), [word(null)], HERE, undefined],
  "one that died": [aBackup(), [word(B, {}, false, 6.9e9 as Instant)], HERE, undefined],
  "one that died, and one that holds": [
    aBackup(),
    [word(B, {}, false, 6.9e9 as Instant), word(C, { priority: 1 })],
    HERE,
    `${C} holds 1`,
  ],
  "two holders, of a backup": [
    aBackup(),
    [word(B, { priority: 150 }), word(C, {}, false, 9.5e9 as Instant)],
    HERE,
    `${B} holds 150`,
  ],
  "two holders, of a master": [
    aMaster(),
    [word(B, { priority: 150 }), word(C, {}, false, 9.5e9 as Instant)],
    HERE,
    `${C} holds 200`,
  ],
  "two equal ones, of a master": [aMaster(), [word(B), word(C)], HERE, `${C} holds 200`],
  "the master before, of a master": [
    aMaster(),
    [word(B, { priority: 150 }), word(C, {}, false, 8.7e9 as Instant)],
    HERE,
    `${B} holds 150`,
  ],
  "no LAN there": [aBackup(B), [word(B, { link: false })], HERE, `${B} gone no-lan`],
  "no LAN on both": [
    aBackup(B),
    [word(B, { link: false })],
    { link: false, gateway: null },
    `${B} holds 200`,
  ],
  "no gateway there": [aBackup(B), [word(B, { gateway: false })], HERE, `${B} gone no-gateway`],
  "no gateway on both": [
    aBackup(B),
    [word(B, { gateway: false })],
    { link: true, gateway: false },
    `${B} holds 200`,
  ],
  "no gateway there, and not known here": [
    aBackup(B),
    [word(B, { gateway: false })],
    { link: true, gateway: null },
    `${B} holds 200`,
  ],
  "no gateway here": [
    aBackup(),
    [word(B, { gateway: true })],
    { link: true, gateway: false },
    `${B} holds 200 better placed`,
  ],
  "the best has no LAN": [
    aBackup(C),
    [word(B, { priority: 100 }), word(C, { link: false })],
    HERE,
    `${B} holds 100`,
  ],
  "the one that is waited for let go": [
    aBackup(B),
    [word(B, { state: "backup" })],
    HERE,
    `${B} gone released`,
  ],
  "the one that is waited for hands over": [
    aBackup(B),
    [word(B, { yields: true })],
    HERE,
    `${B} gone released`,
  ],
  "another one is no holder": [aBackup(B), [word(C, { state: "fault" })], HERE, undefined],
};

for (const [name, [router, words, own, expected]] of Object.entries(OF)) {
  Deno.test(`opinion of ${name}: ${expected ?? "nothing"}`, () => {
    assert.equal(brief(opinionOf(router, words, () => own, NOW)), expected);
  });
}
