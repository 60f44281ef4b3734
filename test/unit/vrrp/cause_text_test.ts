import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { nanoseconds } from "../../../src/time.ts";
import { formatCause, formatPriority } from "../../../src/vrrp/cause_text.ts";
import type { Cause } from "../../../src/vrrp/event.ts";

const master = ip("192.168.1.11");

const TABLE: readonly (readonly [Cause, string])[] = [
  [{ kind: "start" }, "started"],
  [{ kind: "stop" }, "stopped"],
  [{ kind: "owner" }, "owns the address (priority 255)"],
  [
    { kind: "nobody-heard", listened: nanoseconds(3_609_375_000) },
    "no master was heard for 3.61 s",
  ],
  [
    { kind: "master-silent", master, silence: nanoseconds(3_609_375_000) },
    "no advert from 192.168.1.11 for 3.61 s",
  ],
  [{ kind: "master-left", master }, "192.168.1.11 said that it leaves (priority 0)"],
  [
    { kind: "preempted-master", master, priority: 90 },
    "192.168.1.11 has only priority 90",
  ],
  [{ kind: "better-master", master, priority: 150 }, "192.168.1.11 has priority 150"],
  [
    { kind: "tie-lost", master, priority: 150 },
    "192.168.1.11 has the same priority 150 and the higher address",
  ],
  [
    {
      kind: "fault",
      faults: [
        { kind: "no-carrier", message: "eth0 has no carrier" },
        { kind: "check", message: "nginx is down" },
      ],
    },
    "eth0 has no carrier; nginx is down",
  ],
  [{ kind: "faults-cleared" }, "no fault any more"],
  [{ kind: "lease-ended", words: "has 1 of 3 votes" }, "has 1 of 3 votes"],
  [
    { kind: "group", member: "inside" },
    "inside, a member of the same group, is not master",
  ],
  [
    { kind: "reconfigured", what: "interface eth0 -> eth1" },
    "reconfigured: interface eth0 -> eth1",
  ],
  [
    { kind: "outranked", priority: 150, by: ["pi-b", "pi-c"], reason: "" },
    "its priority fell to 150: pi-b, pi-c can do better",
  ],
  [
    { kind: "outranked", priority: 50, by: [], reason: "check nginx is down: exit 1" },
    "its priority fell to 50 (check nginx is down: exit 1): " +
    "backups that do not preempt wait to be asked",
  ],
];

for (const [cause, expected] of TABLE) {
  Deno.test(`cause: ${cause.kind} in words`, () => assert.equal(formatCause(cause), expected));
}

Deno.test("cause: priorities in words", () => {
  assert.deepEqual([0, 100, 255].map(formatPriority), [
    "priority 0 (leaving)",
    "priority 100",
    "priority 255 (owner)",
  ]);
});
