/** Health of a virtual router at one moment: what was heard, and how long ago. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Health } from "../../../../src/control/api.ts";
import { healthOf } from "../../../../src/daemon/holders/health.ts";
import { Neighbours } from "../../../../src/daemon/holders/neighbours.ts";
import {
  type Conflict,
  createVirtualRouter,
  type Heard,
} from "../../../../src/daemon/virtual_router.ts";
import { ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { calm } from "../../../../src/vrrp/damping.ts";
import type { BackupState, MasterState, State } from "../../../../src/vrrp/state.ts";
import { aPlan, PEER } from "../../../support/daemon/plans.ts";

type VirtualRouter = ReturnType<typeof createVirtualRouter>;

const ENTERED = seconds(100) as number as Instant;

function at(afterwards: number): Instant {
  return (ENTERED + seconds(afterwards)) as Instant;
}

/**
 * In `state` since {@link ENTERED}; adverts of PEER with the given priorities, by seconds after
 * that.
 */
function aRouter(
  state: State,
  adverts: Readonly<Record<number, number>> = {},
  conflicts: readonly Conflict[] = [],
): VirtualRouter {
  const router = createVirtualRouter(
    aPlan({ names: new Map([["10.77.0.2", "pi-b"]]) }),
    0 as WallTime,
    ENTERED,
  );
  router.state = state;
  router.askable = true;
  router.look.until = at(200);
  for (const conflict of conflicts) router.conflicts.set(conflict.who, conflict);
  for (const [when, priority] of Object.entries(adverts)) {
    const heard: Heard = {
      source: PEER,
      priority,
      at: at(Number(when)),
      checksum: undefined,
      otherAddresses: false,
      interval: seconds(1),
    };
    router.heard.set(`${when}`, heard);
  }
  return router;
}

const master: MasterState = {
  kind: "master",
  since: ENTERED,
  advertAt: at(1),
  answered: undefined,
  answersPaid: ENTERED,
  framesPaid: ENTERED,
  acquaintance: undefined,
  damping: calm(ENTERED),
  renewAt: undefined,
  defendedAt: undefined,
  contested: undefined,
  announceAt: at(60),
  announceNext: "refresh",
  burstAt: ENTERED,
};

/** Master-down of priority 100 at 1 s: 3.6 s. */
function aBackup(heardAt: number | undefined, change: Partial<BackupState> = {}): BackupState {
  return {
    kind: "backup",
    since: ENTERED,
    masterDownAt: at((heardAt ?? 0) + 3.61),
    asksLeft: 0,
    masterInterval: seconds(1),
    listenUntil: at(0),
    master: heardAt === undefined ? { kind: "unknown", probesLeft: 2 } : {
      kind: "obeyed",
      heard: { source: ip("10.77.0.2"), priority: 150, interval: seconds(1), at: at(heardAt) },
      probesLeft: 2,
    },
    preemptHoldUntil: undefined,
    preemptOnce: false,
    acquaintance: undefined,
    damping: calm(ENTERED),
    priorityZeroPaid: ENTERED,
    ...change,
  };
}

const out: State = { kind: "init", faults: [] };
const inFault: State = {
  kind: "fault",
  faults: [{ kind: "no-carrier", message: "eth0 has no carrier" }],
};

const conflict = {
  unasked: false,
  own: false,
  leaving: false,
  stranger: false,
  at: at(8),
  since: at(8),
  patience: seconds(3),
  free: 0,
};
const rival: Conflict = {
  ...conflict,
  kind: "master",
  who: "10.77.0.2",
  words: "with priority 90",
};
const answer: Conflict = {
  ...conflict,
  kind: "answer",
  who: "02:00:00:00:00:02",
  words: "10.77.0.100",
};
const refused: Conflict = {
  ...conflict,
  kind: "refused",
  who: "10.77.0.3",
  words: "the password is wrong",
};

function unanswered(state: State, times: number): VirtualRouter {
  const router = aRouter(state);
  router.look.unanswered = times;
  return router;
}

function unaskable(state: State, one: Conflict): VirtualRouter {
  return Object.assign(aRouter(state, {}, [one]), { askable: false });
}

function mute(state: State): VirtualRouter {
  const router = aRouter(state);
  router.look.mute = 3;
  return router;
}

function notLooked(state: State): VirtualRouter {
  const router = aRouter(state);
  router.look.until = undefined;
  return router;
}

function incurious(state: State): VirtualRouter {
  const router = notLooked(state);
  router.rules = { ...router.rules, duplicateCheck: false };
  return router;
}

const NOBODY = new Neighbours();

/** What is so, the router, when it is looked at, and its health. */
const TABLE: readonly (readonly [string, VirtualRouter, number, Health])[] = [
  ["a master alone", aRouter(master), 9, "held"],
  ["a master that another one's advert reaches", aRouter(master, {}, [rival]), 9, "two"],
  [
    "its adverts go on, and it does not answer",
    aRouter(master, {}, [{ ...rival, free: 2 }]),
    9,
    "two",
  ],
  ["it fell silent, and was not asked", aRouter(master, {}, [rival]), 99, "two"],
  ["it fell silent, and does not answer", aRouter(master, {}, [{ ...rival, free: 2 }]), 99, "held"],
  ["another machine answers", aRouter(master, {}, [answer]), 99, "two"],
  ["it did not answer once", aRouter(master, {}, [{ ...answer, free: 1 }]), 99, "two"],
  ["it did not answer twice", aRouter(master, {}, [{ ...answer, free: 2 }]), 99, "held"],
  ["refused adverts, and nobody was asked", aRouter(master, {}, [refused]), 9, "two"],
  [
    "refused adverts, and the address is free",
    aRouter(master, {}, [{ ...refused, free: 2 }]),
    9,
    "held",
  ],
  ["a stranger on our VRID", aRouter(master, {}, [{ ...refused, stranger: true }]), 9, "held"],
  ["a backup, and two answer", aRouter(aBackup(8), {}, [answer]), 9, "two"],
  [
    "a backup, and an advert of its master came to harm",
    aRouter(aBackup(8), {}, [{ ...refused, who: "10.77.0.2" }]),
    9,
    "held",
  ],
  [
    "a backup, and only the master answers, for itself",
    unanswered(aBackup(8), 3),
    9,
    "nobody",
  ],
  ["a backup, and nobody answered once", unanswered(aBackup(8), 1), 9, "held"],
  [
    "a backup whose master, not heard any more, answers for nothing",
    mute(aBackup(8)),
    11,
    "nobody",
  ],
  ["a backup whose master is heard, and answers for nothing", mute(aBackup(8)), 9, "held"],
  ["a master that has not asked yet", notLooked(master), 9, "listening"],
  ["a backup that has not asked yet", notLooked(aBackup(8)), 9, "listening"],
  ["a master that has not asked for long", aRouter(master), 201, "listening"],
  ["a master that is not to ask", incurious(master), 9, "held"],
  ["nobody can be asked, and it goes on", unaskable(master, refused), 9, "two"],
  ["nobody can be asked, and it is over", unaskable(master, refused), 19, "held"],
  ["a backup that hears its master", aRouter(aBackup(8)), 9, "held"],
  ["a backup that has just started", aRouter(aBackup(undefined)), 3, "listening"],
  ["a backup that hears nobody and does not take over", aRouter(aBackup(undefined)), 4, "nobody"],
  ["a backup whose master fell silent", aRouter(aBackup(2)), 7, "nobody"],
  [
    "a backup that listens again after a stall",
    aRouter(aBackup(2, { masterDownAt: at(8) })),
    7,
    "listening",
  ],
  [
    "a backup that waits for its group",
    aRouter(aBackup(2, { masterDownAt: undefined })),
    7,
    "nobody",
  ],
  ["a fault, and another one is heard", aRouter(inFault, { 8: 150 }), 9, "fault"],
  ["a fault, and nobody was heard yet", aRouter(inFault), 3, "fault"],
  ["a fault, and nobody is heard", aRouter(inFault), 4, "nobody"],
  ["a fault, and the other one has left", aRouter(inFault, { 8: 0 }), 9, "nobody"],
  ["standing down, another one is heard", aRouter(out, { 8: 150 }), 9, "listening"],
  ["standing down, and nobody is heard", aRouter(out), 9, "nobody"],
];

for (const [what, router, when, expected] of TABLE) {
  Deno.test(`health is ${expected}: ${what}`, () => {
    const { health, evidence } = healthOf(router, at(when), NOBODY);
    strictEqual(health, expected);
    strictEqual(evidence.length > 0, expected === "two" || expected === "nobody");
  });
}

Deno.test("health: the others that hold the address too have names", () => {
  deepStrictEqual(healthOf(aRouter(master, {}, [rival]), at(9), NOBODY).rivals, ["pi-b"]);
});
