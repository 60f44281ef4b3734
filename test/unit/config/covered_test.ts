/**
 * Every key of a check and of a sink has a mistake, so that its problem has been seen with line and
 * fix.
 */
import assert from "node:assert/strict";
import { CHECK } from "../../../src/config/tables/check.ts";
import { MQTT, NOTIFY, NTFY, WEBHOOK } from "../../../src/config/tables/notify.ts";
import { CHECKS } from "../../support/config/misuses_checks.ts";
import { NOTIFY as NOTIFICATIONS } from "../../support/config/misuses_notify.ts";

const TABLES = {
  "check.x": CHECK,
  notify: NOTIFY,
  "notify.webhook": WEBHOOK,
  "notify.ntfy": NTFY,
  "notify.mqtt": MQTT,
};

/** "check.x.http" of "error check.x.http". */
const places = [...CHECKS, ...NOTIFICATIONS].flatMap(({ expected }) =>
  expected.map((entry) => entry.slice(entry.indexOf(" ") + 1))
);

for (const [table, keys] of Object.entries(TABLES)) {
  Deno.test(`every key of ${table} has a mistake that is told with its line and fix`, () => {
    // A table without its URL is told at the table.
    const told = (key: string) =>
      places.some((place) => `${place}.`.startsWith(`${table}.${key}.`));
    assert.deepEqual(Object.keys(keys).filter((key) => !told(key)), []);
  });
}
