/** Who changes which field of a virtual router: one module, or those named here with a reason. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const DAEMON = new URL("../../src/daemon/", import.meta.url).pathname;

/** Fields of more than one module. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  // A plan that differs in words alone is kept in its place of the table.
  plan: ["plan_changes", "routers"],
  // Another plan, health, and what another node's handover asks.
  rules: ["nodes/wishes", "plan_changes", "priority"],
  // A resumed master has been master since before its process began.
  since: ["driver", "resume_routers"],
  cause: ["driver", "resume_routers"],
  links: ["reconcile", "resume_routers"],
  handedTo: ["handovers", "resume_routers"],
  // What was refused, and when it is tried again; another process may have the same router.
  refused: ["driver", "machine/refusals"],
  refusal: ["driver", "machine/refusals"],
  retryAt: ["driver", "machine/refusals", "machine/reservation"],
  // A question heard an answer; an answer counts no more.
  answeredAt: ["holders/conflicts", "holders/inquiry"],
};

/** The modules that own each field, as `OwnedRouter<...>` at their heads says. */
function ownersOf(): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const name of readdirSync(DAEMON, { recursive: true }).map(String).toSorted()) {
    if (!name.endsWith(".ts") || name === "virtual_router.ts") continue;
    const text = readFileSync(`${DAEMON}${name}`, "utf8");
    for (const [, keys = ""] of text.matchAll(/\bOwnedRouter<([^>]*)>/g)) {
      for (const [, key = ""] of keys.matchAll(/"(\w+)"/g)) {
        owners.set(key, [...owners.get(key) ?? [], name.replace(/\.ts$/, "")]);
      }
    }
  }
  return owners;
}

Deno.test("owners: a field of a virtual router is one module's, or shared for a reason", () => {
  const owners = ownersOf();
  assert.ok(owners.size > 20, `${owners.size} fields`);
  const shared = [...owners].filter(([, modules]) => modules.length > 1);
  assert.deepEqual(
    Object.fromEntries(shared.toSorted(([a], [b]) => a < b ? -1 : 1)),
    Object.fromEntries(Object.entries(SHARED).toSorted(([a], [b]) => a < b ? -1 : 1)),
  );
});
