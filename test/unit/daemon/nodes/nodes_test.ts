/** What facts about a node are called, and when a person should look. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type End, NO_FACTS, type NodeFacts, viewOf } from "../../../../src/daemon/nodes/nodes.ts";
import type { Instant } from "../../../../src/time.ts";
import type { PresenceAnswer } from "../../../../src/wire/presence.ts";

/** A second of the clock. */
const at = (seconds: number): Instant => seconds * 1e9 as Instant;
const NOW = at(1000);

const OPEN = answered("open", "answers");
const CLOSED = answered("closed", "answers");
const FILTERED = answered("filtered", "silent");
const OFF = answered("unknown", "unreachable");
const MUTE = answered("unknown", "silent");

function answered(
  vrrp: PresenceAnswer["vrrp"],
  machine: PresenceAnswer["machine"],
  when = 995,
): Partial<NodeFacts> {
  return { answer: { vrrp, machine, at: at(when) } };
}

function heard(when: number, priority = 200): Partial<NodeFacts> {
  return { heard: { at: at(when), until: at(when + 3), priority } };
}

function ended(how: End, when: number): Partial<NodeFacts> {
  return { ...heard(when, how === "left" ? 0 : 200), ended: { how, at: at(when) } };
}

const LOST = "pi-b is lost: it was master and said no goodbye";
const NOT_RUNNING = "floatip does not run on pi-b";
const TAKES_NONE = `${NOT_RUNNING}: nothing at 192.168.1.12 takes VRRP`;
const ASKED = { address: "192.168.1.12", port: undefined };
const NO_ANSWER = "pi-b does not answer: it is off, unplugged, or has another address";
const REJECTS =
  `the packet filter of pi-b rejects this node's adverts: run "floatip firewall" there`;

const TABLE: readonly (readonly [
  what: string,
  facts: Partial<NodeFacts>,
  state: string,
  words: string,
  attention?: string,
])[] = [
  ["nothing is known", {}, "never-heard", "never heard"],
  ["a backup that runs", OPEN, "up", "VRRP runs there"],
  ["no program there", CLOSED, "not-running", "floatip does not run there", TAKES_NONE],
  ["its filter says no", FILTERED, "unknown", "its packet filter rejects VRRP", REJECTS],
  ["switched off", OFF, "never-heard", "does not answer", NO_ANSWER],
  ["its filter says nothing", MUTE, "unknown", "unknown (does not answer)"],
  [
    "it filters VRRP alone",
    answered("unknown", "answers"),
    "unknown",
    "unknown (its machine answers)",
  ],
  ["heard just now", heard(999), "up", "up"],
  ["heard just now, asked before", { ...heard(999), ...CLOSED }, "up", "up"],
  [
    "asked while it was cut off, and heard since",
    { ...heard(996), ...OFF },
    "unknown",
    "silent (as backups are)",
  ],
  ["killed", ended("lost", 995), "lost", "lost 5 s ago (was master, said no goodbye)", LOST],
  [
    "killed, and asked since",
    { ...ended("lost", 990), ...CLOSED },
    "lost",
    "lost 10 s ago (was master, said no goodbye)",
    `${LOST}, and floatip does not run there`,
  ],
  [
    "killed with its machine",
    { ...ended("lost", 990), ...OFF },
    "lost",
    "lost 10 s ago (was master, said no goodbye)",
    `${LOST}, and it does not answer`,
  ],
  [
    "killed, and its machine filters all",
    { ...ended("lost", 990), ...MUTE },
    "lost",
    "lost 10 s ago (was master, said no goodbye)",
    LOST,
  ],
  ["killed, and running again", { ...ended("lost", 990), ...OPEN }, "up", "VRRP runs there"],
  [
    "killed, and asked before that",
    { ...ended("lost", 997), ...OPEN },
    "lost",
    "lost 3 s ago (was master, said no goodbye)",
    LOST,
  ],
  ["stopped", ended("left", 960), "left", "left 40 s ago"],
  [
    "stopped, and asked since",
    { ...ended("left", 960), ...CLOSED },
    "left",
    "left 40 s ago",
    `${NOT_RUNNING}: it left in order`,
  ],
  [
    "stopped, and still on its way out when asked",
    { ...ended("left", 994), ...OPEN },
    "left",
    "left 6 s ago",
  ],
  ["in fault, or in maintenance", { ...ended("left", 960), ...OPEN }, "up", "VRRP runs there"],
  ["handed over", ended("handed-over", 995), "up", "handed over 5 s ago"],
  ["preempted", ended("superseded", 990), "up", "up (backups are silent)"],
  ["preempted long ago", ended("superseded", 800), "unknown", "silent (as backups are)"],
  [
    "a backup that ran, switched off",
    { ...OFF, wasOpen: true },
    "lost",
    "lost (does not answer any more)",
    NO_ANSWER,
  ],
];

for (const [what, facts, state, words, attention] of TABLE) {
  Deno.test(`a node: ${what}`, () => {
    const view = viewOf("pi-b", { ...NO_FACTS, ...facts }, ASKED, NOW);
    deepStrictEqual(view, { state, words, attention });
  });
}

Deno.test("a node: by UDP a filter that rejects looks like a closed port", () => {
  const view = viewOf("pi-b", { ...NO_FACTS, ...CLOSED }, { ...ASKED, port: 336 }, NOW);
  strictEqual(view.attention, `${NOT_RUNNING}, or its packet filter rejects UDP port 336`);
});
