/** Sentences of the daemon: nodes by their names, and why a check is down. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { causeText, logVerdict, rejectWords } from "../../../../src/daemon/journal/log.ts";
import type { ProbeResult } from "../../../../src/health/check.ts";
import { ip } from "../../../../src/net/ip.ts";
import { milliseconds, seconds } from "../../../../src/time.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const NAMED = { ...aPlan(), names: new Map([["10.77.0.2", "pi-b"]]) };
const MASTER = ip("10.77.0.2");
const STRANGER = ip("10.77.0.9");

Deno.test("sentences name the nodes of the file, and give addresses where it has no name", () => {
  const silent = { kind: "master-silent", silence: seconds(3) } as const;
  const said = (master: typeof MASTER) => causeText(NAMED, { ...silent, master });
  strictEqual(said(MASTER), "no advert from pi-b (10.77.0.2) for 3 s");
  strictEqual(said(STRANGER), "no advert from 10.77.0.9 for 3 s");
  strictEqual(
    rejectWords(NAMED, { reason: "unknown-peer", detail: "" }, MASTER).split(":")[0],
    "pi-b (10.77.0.2)",
  );
});

Deno.test("the journal says why a check is down, once, and that it is up again", () => {
  const lines: string[] = [];
  const journal = { write: (level: string, line: string) => void lines.push(`${level} ${line}`) };
  const last = (ok: boolean, words: string): ProbeResult => ({
    ok,
    text: words,
    latency: milliseconds(1),
  });
  const tell = (before: boolean | undefined, up: boolean, words: string) =>
    logVerdict(journal, "nginx", before, {
      up,
      streak: 0,
      last: last(up, words),
      value: undefined,
    });
  tell(undefined, true, "200 in 3 ms");
  tell(true, false, "exit 1: Operation not permitted");
  tell(false, false, "exit 1: Operation not permitted");
  tell(false, true, "200 in 3 ms");
  tell(undefined, false, "connection refused");
  deepStrictEqual(lines, [
    "warning check nginx is down: exit 1: Operation not permitted",
    "info check nginx is up: 200 in 3 ms",
    "warning check nginx is down: connection refused",
  ]);
});
