/** A reload that drops an instance with many addresses, in many turns of a whole daemon. */
import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import type { HostEvent } from "../../../src/host.ts";
import type { VirtualAddress } from "../../../src/net/interfaces.ts";
import { after, between, type Instant, milliseconds, seconds } from "../../../src/time.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";

const COUNT = 100;

/** Each removal of an address takes so long: as many as there are hold a turn up for 50 ms. */
const EACH = milliseconds(0.5);

/** Without an instance, or with it, as the master of many addresses. */
function fileOf(isThere: boolean): Config {
  const addresses = Array.from({ length: COUNT }, (_, i) => `"10.77.1.${i}/16"`);
  const many = `[instance.many]\nvrid = 52\naddresses = [${addresses.join(", ")}]\n`;
  const decoded = decode(
    `[nodes]\npi-a = "10.77.0.11"\npi-b = "10.77.0.12"\n` +
      `[instance.web]\nvrid = 51\naddresses = ["10.77.0.50/16"]\n${isThere ? many : ""}`,
  );
  assert(decoded.kind === "config");
  return decoded.config;
}

/** A machine that goes from deadline to deadline; `turn` says what happens in each. */
class Machine extends RecordingHost {
  longest = 0;
  #now = seconds(1) as number as Instant;
  #since = this.#now;

  constructor(readonly turn: (now: Instant) => boolean) {
    super({ links: [link("eth0", 2)], addresses: [address(2, "10.77.0.11/16")] });
  }

  override now(): Instant {
    return this.#now;
  }

  override removeAddress(held: VirtualAddress): "removed" | "absent" {
    this.#now = after(this.#now, EACH);
    return super.removeAddress(held);
  }

  override wait(deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    this.longest = Math.max(this.longest, between(this.#since, this.#now));
    const soon = after(this.#now, milliseconds(1));
    this.#now = Math.min(Math.max(soon, deadline ?? soon), soon + seconds(0.1)) as Instant;
    this.#since = this.#now;
    const isWoken = this.turn(this.#now);
    return Promise.resolve([...(isWoken ? [{ kind: "woken" } as const] : []), {
      kind: "deadline",
    }]);
  }
}

/** Ten seconds of a daemon that is given `files`, one in each turn from 5 s on. */
async function reload(files: readonly boolean[]) {
  const left = [...files];
  let [replies, isOver] = [0, false];
  /** What the machine was asked until the last reply. */
  let calls: readonly string[] = [];
  const host = new Machine((now) => {
    if (now < seconds(5)) return false;
    if (left.length === files.length) host.calls.length = host.longest = 0;
    const next = left.shift();
    const reply = () => {
      replies++;
      calls = [...host.calls];
    };
    if (next !== undefined) daemon.submit({ kind: "reload", config: fileOf(next), reply });
    else if (now >= seconds(10) && !isOver) {
      isOver = true;
      daemon.submit({ kind: "restart", reply: () => {} });
    } else return false;
    return true;
  });
  const daemon = new Daemon({
    host,
    config: fileOf(true),
    nodeName: "pi-a",
    configFile: "/etc/floatip/floatip.toml",
    journal: { write: () => {} },
  });
  await daemon.run();
  const held = host.addresses.filter(({ ours }) => ours).length;
  return { replies, calls, held, longest: host.longest };
}

Deno.test("reload: an instance of many addresses goes in parts, then it is answered", async () => {
  const { replies, calls, held, longest } = await reload([false]);
  assert.equal(replies, 1);
  assert.equal(calls.filter((call) => call.startsWith("remove")).length, COUNT);
  assert.equal(held, 1);
  assert(longest <= milliseconds(20), `${longest} ns`);
});

Deno.test("reload: one that comes back while it goes is there in the end", async () => {
  const { replies, held } = await reload([false, true]);
  assert.equal(replies, 2);
  assert.equal(held, COUNT + 1);
});

Deno.test("reload: one that comes back and goes again, turn by turn, is gone", async () => {
  const { replies, held } = await reload([false, true, false, true, false]);
  assert.equal(replies, 5);
  assert.equal(held, 1);
});
