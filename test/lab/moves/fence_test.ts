/** A dead or frozen master is silent three intervals after its last advert, also with fast ones. */
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { linkNamed } from "../../../src/net/interfaces.ts";
import { formatMac } from "../../../src/net/mac.ts";
import { arpProbe } from "../../../src/wire/arp.ts";
import { hostIn } from "../../support/kernel/netns.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { ADDRESS, playScenes, type Scene, type SceneCase } from "../../support/moves/scene.ts";

/** What the kernel counts in, and how late the time of a packet may be read. */
const LATE_MS = 10;

const ASK_EVERY_MS = 2;

const CASES: readonly SceneCase[] = [
  { intervalMs: 1000, signal: "SIGKILL" },
  { intervalMs: 100, signal: "SIGKILL" },
  { intervalMs: 100, signal: "SIGSTOP" },
  { intervalMs: 20, signal: "SIGKILL" },
].map(({ intervalMs, signal }): SceneCase => ({
  name: `${signal}, an advert each ${intervalMs} ms`,
  play: (scene) => fall(scene, intervalMs, signal as "SIGKILL" | "SIGSTOP"),
}));

async function fall(
  scene: Scene,
  intervalMs: number,
  signal: "SIGKILL" | "SIGSTOP",
): Promise<void> {
  const [first] = await scene.pair({ intervalMs });
  assert.equal((await first.instance()).fence, "nftables");
  using asking = ask(scene);
  await scene.pass(2 * intervalMs + 200);
  const fallen = wallNow();
  first.child.kill(signal);
  const taken = await scene.claimOf("b", fallen);
  await scene.pass(1000);
  asking[Symbol.dispose]();
  const answersOf = (node: string) => {
    const mac = macOf(scene, node);
    return scene.capture.claims.filter((one) =>
      one.kind === "reply" && one.address === ADDRESS && one.mac === mac && one.to === asking.mac
    ).map(({ at }) => at);
  };
  const last = Math.max(...answersOf("a"));
  const next = Math.min(...answersOf("b").filter((at) => at > fallen));
  const advert = Math.max(
    ...scene.capture.advertsOf(scene.host("a").address)
      .map(({ at }) => at).filter((at) => at < taken),
  );
  const silent = (last - advert - 3 * intervalMs).toFixed(1);
  console.log(
    `  last answer ${silent} ms after the end, next ${(next - last).toFixed(1)} ms later`,
  );
  assert.ok(last <= advert + 3 * intervalMs + LATE_MS, `answered until ${silent} ms after the end`);
  assert.ok(last < next, `both answered for ${(last - next).toFixed(1)} ms`);
}

/** The client asks who has the address until it is disposed of. */
function ask(scene: Scene): Disposable & { readonly mac: string } {
  const host = hostIn(scene.host("client").namespace);
  const mac = linkNamed(host.interfaces(), "eth0")?.mac ?? assert.fail();
  const question = arpProbe(mac, ip(ADDRESS));
  const timer = setInterval(() => host.sendFrame("eth0", question), ASK_EVERY_MS);
  let isOpen = true;
  return {
    mac: formatMac(mac),
    [Symbol.dispose]() {
      clearInterval(timer);
      if (isOpen) host[Symbol.dispose]();
      isOpen = false;
    },
  };
}

function macOf(scene: Scene, node: string): string {
  using host = hostIn(scene.host(node).namespace);
  return formatMac(linkNamed(host.interfaces(), "eth0")?.mac ?? assert.fail());
}

playScenes("a fence of nf_tables", CASES);
