/** Evidence of another holder: what keeps it, what refutes it, and how a person reads it. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  carryConflicts,
  concludeOwn,
  concludeQuestion,
  Conflicts,
  forgetConflicts,
  isEvidence,
  type Sight,
} from "../../../../src/daemon/holders/conflicts.ts";
import { Budgets } from "../../../../src/daemon/journal/budgets.ts";
import { describeAll } from "../../../../src/daemon/holders/evidence_text.ts";
import { Neighbours } from "../../../../src/daemon/holders/neighbours.ts";
import { Once } from "../../../../src/daemon/journal/log.ts";
import type { ConflictRecord } from "../../../../src/daemon/journal/record.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { becomeMaster, newBackup } from "../../../../src/vrrp/transitions.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const START = seconds(100) as number as Instant;
const FLOATING = "10.77.0.100", B = "10.77.0.2", MAC = "02:00:00:00:00:02";
const NAMES = new Map([["10.77.0.1", "pi-a"], [B, "pi-b"]]);

function at(afterwards: number): Instant {
  return (START + seconds(afterwards)) as Instant;
}

const SIGHT = {
  unasked: false,
  own: false,
  leaving: false,
  stranger: false,
  at: START,
  patience: seconds(3),
};
const ANSWER: Sight = { ...SIGHT, kind: "answer", who: MAC, words: FLOATING };
const REFUSED: Sight = { ...SIGHT, kind: "refused", who: B, words: "the password is wrong" };
const RIVAL: Sight = { ...SIGHT, kind: "master", who: B, words: "with priority 90" };

function lab(...sights: readonly Sight[]) {
  const router = createVirtualRouter(aPlan({ names: NAMES }), 0 as WallTime, START);
  router.state = becomeMaster("backup", { kind: "start" }, START, router.rules).state;
  router.source = ip("10.77.0.1");
  router.askable = true;
  const neighbours = new Neighbours();
  const history: ConflictRecord[] = [];
  const log: string[] = [];
  const journal = { write: (_level: string, line: string) => void log.push(line) };
  const conflicts = new Conflicts({
    once: new Once(journal, () => START),
    observers: [{ observe() {}, observeConflict: (record) => void history.push(record) }],
    wallTime: () => 0 as WallTime,
    budget: new Budgets({ most: 10, every: seconds(60) }),
    neighbours,
  });
  for (const sight of sights) conflicts.note(router, sight);
  return { router, neighbours, conflicts, history, log };
}

/** Somebody else holds it, as far as is known at `now`. */
function isDoubted(router: VirtualRouter, now: Instant): boolean {
  return [...router.conflicts.values()].some((one) => isEvidence(one, router, now));
}

function ask(router: VirtualRouter, ...answered: readonly string[]): void {
  concludeQuestion(router, [FLOATING], new Set(answered));
}

for (const [name, sight] of Object.entries({ ANSWER, REFUSED, RIVAL })) {
  Deno.test(`evidence: ${name.toLowerCase()} lasts until two questions are in vain`, () => {
    const { router } = lab(sight);
    ok(isDoubted(router, at(9999)));
    ask(router);
    forgetConflicts(router, at(9999));
    ok(isDoubted(router, at(9999)), "one answer may be lost");
    ask(router);
    strictEqual(isDoubted(router, at(9999)), false);
    forgetConflicts(router, at(9999));
    strictEqual(router.conflicts.size, 0);
  });
}

Deno.test("evidence: an answer to the second question confirms it again", () => {
  const { router, conflicts } = lab(ANSWER);
  ask(router);
  conflicts.note(router, { ...ANSWER, at: at(2) });
  ask(router, MAC);
  ask(router);
  ok(isDoubted(router, at(9999)));
});

Deno.test("evidence: a machine that was not asked for its address is not refuted", () => {
  const { router } = lab(ANSWER);
  for (let i = 0; i < 5; i++) concludeQuestion(router, ["10.77.0.101"], new Set());
  ok(isDoubted(router, at(9999)));
});

Deno.test("evidence: refused adverts go on without an answer: no doubt, now or later", () => {
  const { router, conflicts, history } = lab(REFUSED);
  ask(router);
  ask(router);
  for (let second = 1; second < 600; second += 1) {
    conflicts.note(router, { ...REFUSED, at: at(second) });
    forgetConflicts(router, at(second));
    strictEqual(isDoubted(router, at(second)), false);
  }
  strictEqual(history.length, 1, "it is one episode");
});

Deno.test("evidence: accepted adverts are believed while they come, even without an answer", () => {
  const { router, conflicts } = lab(RIVAL);
  ask(router);
  ask(router);
  conflicts.note(router, { ...RIVAL, at: at(5) });
  ok(isDoubted(router, at(7)));
  strictEqual(isDoubted(router, at(9)), false);
});

Deno.test("evidence: adverts of a machine that answers are not refuted by that", () => {
  const { router, conflicts } = lab(REFUSED);
  for (let i = 0; i < 5; i++) {
    conflicts.note(router, ANSWER);
    ask(router, MAC);
  }
  strictEqual(router.conflicts.get(`refused ${B}`)?.free, 0);
});

Deno.test("evidence: where no machine can be asked, it lasts as long as it is seen", () => {
  const { router } = lab(REFUSED);
  router.askable = false;
  ok(isDoubted(router, at(3)));
  strictEqual(isDoubted(router, at(4)), false);
});

Deno.test("evidence: a stranger on the VRID is told, and holds nothing", () => {
  const { router, history } = lab({ ...REFUSED, stranger: true });
  strictEqual(isDoubted(router, START), false);
  strictEqual(history.length, 1);
});

Deno.test("evidence: a machine with this one's MAC is refuted only by a question to all", () => {
  const { router } = lab({ ...ANSWER, own: true });
  ask(router);
  ask(router);
  ok(isDoubted(router, START));
  concludeOwn(router);
  concludeOwn(router);
  strictEqual(isDoubted(router, START), false);
});

Deno.test("evidence: what leaves by the own card is refuted by time alone", () => {
  const { router } = lab({ ...ANSWER, leaving: true });
  ask(router);
  ask(router);
  ok(isDoubted(router, at(3)));
  strictEqual(isDoubted(router, at(4)), false);
});

Deno.test("evidence: a backup that takes over keeps it; what is refused is asked again", () => {
  const { router } = lab(ANSWER, REFUSED);
  router.look.until = at(9);
  ask(router);
  ask(router, MAC);
  carryConflicts(router, "backup", at(1));
  deepStrictEqual([...router.conflicts.keys()], [`answer ${MAC}`, `refused ${B}`]);
  strictEqual(router.conflicts.get(`refused ${B}`)?.free, 0);
  strictEqual(router.look.until, at(9));
});

Deno.test("evidence: a master that yields does not know the holder before it asks", () => {
  const { router } = lab(ANSWER, RIVAL);
  router.look.until = at(9);
  router.state = newBackup(at(1), router.rules);
  carryConflicts(router, "master", at(1));
  strictEqual(router.conflicts.size, 0);
  strictEqual(router.look.until, undefined);
});

Deno.test("evidence: a master that yields beside two others keeps it", () => {
  const { router } = lab(ANSWER, { ...ANSWER, who: "02:00:00:00:00:03" });
  router.state = newBackup(at(1), router.rules);
  carryConflicts(router, "master", at(1));
  strictEqual(router.conflicts.size, 2);
});

Deno.test("evidence: what was looked for before a fault tells nothing after it", () => {
  const { router } = lab();
  router.look.until = at(9);
  router.state = newBackup(at(1), router.rules);
  carryConflicts(router, "init", at(1));
  strictEqual(router.look.until, undefined);
});

Deno.test("evidence: an address that the file names no more is forgotten", () => {
  const { router } = lab({ ...ANSWER, words: "10.77.0.199" });
  forgetConflicts(router, START);
  strictEqual(router.conflicts.size, 0);
});

Deno.test("evidence: senders that are made up push out each other, and no memory grows", () => {
  const { router, conflicts } = lab();
  for (let i = 0; i < 1000; i++) {
    conflicts.note(router, { ...REFUSED, who: `10.9.${i >> 8}.${i & 255}` });
  }
  strictEqual(router.conflicts.size, 32);
});

function words({ router, neighbours }: ReturnType<typeof lab>): readonly string[] {
  const all = [...router.conflicts.values()];
  return describeAll(all, router, neighbours, at(10)).map((one) => one.words);
}

Deno.test("evidence text: a node of the file by name, refused adverts as the reason", () => {
  const one = lab(ANSWER, REFUSED);
  one.neighbours.learn(B, MAC, START);
  deepStrictEqual(words(one), [
    `pi-b (${B}, ${MAC}) answers for ${FLOATING} too; ` +
    `its adverts are refused: the password is wrong`,
  ]);
});

Deno.test("evidence text: a node of the file that is not heard", () => {
  const one = lab(ANSWER);
  one.neighbours.learn(B, MAC, START);
  const [text = ""] = words(one);
  ok(
    text.startsWith(`pi-b (${B}, ${MAC}) answers for ${FLOATING} too; none of its adverts arrives`),
  );
});

Deno.test("evidence text: a node that was heard: it left, fell silent, or is heard still", () => {
  const told = (priority: number, heardAt: Instant) => {
    const one = lab(ANSWER);
    one.neighbours.learn(B, MAC, START);
    one.router.heard.set(B, {
      source: ip(B),
      priority,
      at: heardAt,
      interval: seconds(1),
      checksum: "pseudo-header",
      otherAddresses: false,
    });
    return words(one)[0]?.split("; ")[1];
  };
  strictEqual(told(0, at(3)), "it left, so another program or user put the address there");
  ok(told(150, at(3))?.startsWith("its adverts stopped"));
  strictEqual(told(150, at(9)), undefined);
});

Deno.test("evidence text: refused adverts of a machine whose MAC was not told may be its", () => {
  const one = lab(ANSWER, REFUSED);
  const because = `adverts of pi-b (${B}) are refused: the password is wrong`;
  deepStrictEqual(words(one), [
    `${MAC} answers for ${FLOATING} too; ${because}`,
    `pi-b (${B}) sends adverts that are refused: the password is wrong`,
  ]);
  one.neighbours.learn(B, "02:00:00:00:00:99", START);
  ok(words(one)[0]?.includes("none of the nodes"));
});

Deno.test("evidence text: a machine that is none of the nodes", () => {
  const [text = ""] = words(lab({ ...ANSWER, unasked: true }));
  ok(
    text.startsWith(`${MAC} tells the neighbours that it has ${FLOATING}; it is none of the nodes`),
  );
});

Deno.test("evidence text: clones, by address and by MAC", () => {
  const one = lab(ANSWER);
  one.neighbours.learn("10.77.0.1", MAC, START);
  const [byAddress = ""] = words(one);
  ok(byAddress.startsWith(`another machine with this node's own address 10.77.0.1 (${MAC})`));
  const [byMac = ""] = words(lab({ ...ANSWER, own: true }));
  ok(byMac.startsWith(`another machine with this node's own hardware address ${MAC}`), byMac);
  for (const text of [byAddress, byMac]) ok(text.includes("clones"));
});

Deno.test("evidence: log and history get one line for a machine that answers, refused", () => {
  const { router, conflicts, neighbours, history, log } = lab(REFUSED);
  neighbours.learn(B, MAC, START);
  for (let second = 0; second < 30; second++) conflicts.note(router, { ...ANSWER, at: at(second) });
  deepStrictEqual(history.map(({ rival }) => rival), [B]);
  strictEqual(log.filter((line) => line.includes("conflict:")).length, 1);
});
