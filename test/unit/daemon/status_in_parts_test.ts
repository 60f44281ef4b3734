/** A status document that is made in parts, one in each turn of a whole daemon. */
import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import type { HostEvent } from "../../../src/host.ts";
import { after, type Instant, milliseconds, seconds } from "../../../src/time.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";
import { atOnce } from "../../../src/async.ts";

const COUNT = 5;

function file(): Config {
  const instances = Array.from(
    { length: COUNT },
    (_, i) => `[instance.i${i}]\nvrid = ${51 + i}\naddresses = ["10.77.0.${50 + i}/16"]\n`,
  );
  const decoded = decode(
    `[nodes]\npi-a = "10.77.0.11"\npi-b = "10.77.0.12"\n${instances.join("")}`,
  );
  assert(decoded.kind === "config");
  return decoded.config;
}

/** A machine that goes from turn to turn, a second apart at most. */
class Machine extends RecordingHost {
  #now = seconds(1) as number as Instant;

  constructor(readonly turn: (now: Instant) => boolean) {
    super({ links: [link("eth0", 2)], addresses: [address(2, "10.77.0.11/16")] });
  }

  override now(): Instant {
    return this.#now;
  }

  override wait(deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    const soon = after(this.#now, milliseconds(1));
    const latest = after(this.#now, seconds(1));
    this.#now = Math.min(Math.max(soon, deadline ?? soon), latest) as Instant;
    const isWoken = this.turn(this.#now);
    return Promise.resolve([...(isWoken ? [{ kind: "woken" } as const] : []), {
      kind: "deadline",
    }]);
  }
}

Deno.test("a status in parts is of the moment when it was asked for", async () => {
  let expected: unknown;
  let made: unknown;
  let parts: ReturnType<Daemon["status"]> | undefined;
  let turns = 0;
  const host = new Machine((now) => {
    if (now < seconds(2)) return false;
    if (parts === undefined) {
      expected = structuredClone(atOnce(daemon.status()));
      parts = daemon.status();
      // From the first part on it knows all that it needs.
      parts.next();
      return false;
    }
    turns++;
    // Each part is long after the one before: instances become masters and advertise.
    if (turns % 20 !== 0 || made !== undefined) return false;
    const { done, value } = parts.next();
    if (done !== true) return false;
    made = structuredClone(value);
    daemon.submit({ kind: "restart", reply: () => {} });
    return true;
  });
  const daemon = new Daemon({
    host,
    config: file(),
    nodeName: "pi-a",
    configFile: "/etc/floatip/floatip.toml",
    journal: { write: () => {} },
  });
  await daemon.run();
  assert.deepEqual(made, expected);
  const { instances } = atOnce(daemon.status());
  assert.equal(instances.length, COUNT);
  assert.notDeepEqual(structuredClone(instances), Object(made).instances);
  assert.ok(turns >= 20 * COUNT, `${turns} turns`);
});
