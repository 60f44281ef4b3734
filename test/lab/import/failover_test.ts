/** Tests of imported files beside keepalived with the original, each preferred once. */
import assert from "node:assert/strict";
import { formatIp } from "../../../src/net/ip.ts";
import type { CapturedAdvert } from "../../support/interop/capture.ts";
import { playEach } from "../../support/interop/play_each.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { MixedCluster, type Program } from "../../support/import/cluster.ts";
import { type Original, ORIGINALS } from "../../support/import/originals.ts";

const PROGRAMS = ["keepalived", "tcpdump"];
const reason = missing(...PROGRAMS);

/** What happened, for the table. */
interface Figure {
  readonly original: string;
  readonly best: Program;
  readonly what: string;
  readonly milliseconds: number;
}

/** The best node runs `best`, the next one the other program, and so on in turns. */
function programsOf({ nodes }: Original, best: Program): Readonly<Record<string, Program>> {
  const other: Program = best === "floatip" ? "keepalived" : "floatip";
  return Object.fromEntries(nodes.map((node, index) => [node, index % 2 === 0 ? best : other]));
}

/** Everything of `from` is held by `to`. */
function moved(original: Original, from: string, to: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(original.held).map(([address, holder]) => [
      address,
      holder === from ? to : holder,
    ]),
  );
}

/** An advert without its times and its checksum, which may be of either form. */
function said({ advert, destination, ttl }: CapturedAdvert) {
  const { version, vrid, priority, interval, addresses, auth } = advert;
  const data = auth === undefined ? undefined : new TextDecoder().decode(auth.data);
  return {
    ...{ version, vrid, priority, interval, destination, ttl, auth: auth?.type, data },
    addresses: addresses.map(formatIp),
  };
}

async function play(original: Original, best: Program, figures: Figure[]) {
  const [first = "", second = ""] = original.nodes;
  const note = (what: string, milliseconds: number) =>
    figures.push({ original: original.name, best, what, milliseconds });
  await using cluster = await MixedCluster.open(original, programsOf(original, best));
  await cluster.untilHeld("all is well", original.held);
  const adverts = cluster.lastAdverts(first).map(said);
  assert.ok(adverts.length > 0, "adverts of the best node");
  const vrids = adverts.map(({ vrid }) => vrid);

  // A kernel that does not know the MAC of a peer sends nothing to it once it is cut off.
  await cluster.host(second).exec(["ping", "-c1", "-W2", cluster.host(first).address]);
  const since = wallNow();
  await cluster.host(first).unplug();
  note(`${second} takes over`, await cluster.takeover(second, vrids, since));
  await cluster.untilHeld(`${first} is cut off`, moved(original, first, second));
  await cluster.host(first).plug();
  const after = original.preempts ? original.held : moved(original, first, second);
  await cluster.untilHeld(`${first} is back`, after);

  const holder = original.preempts ? first : second;
  const other = original.preempts ? second : first;
  if (original.check) {
    const broken = wallNow();
    cluster.breakCheck(holder, true);
    note(`check of ${holder} fails`, await cluster.takeover(other, vrids, broken));
    const all = original.preempts
      ? moved(original, first, second)
      : moved(original, "nobody", "nobody");
    await cluster.untilHeld(`the check of ${holder} fails`, all);
    cluster.breakCheck(holder, false);
    await cluster.untilHeld(`the check of ${holder} works`, original.held);
  } else {
    const stopped = wallNow();
    const ending = cluster.stop(holder);
    note(`${holder} ends`, await cluster.takeover(other, vrids, stopped));
    await cluster.untilHeld(`${holder} has ended`, moved(original, holder, other));
    await ending;
  }
  return adverts;
}

const figures: Figure[] = [];

playEach(
  "import: files behave like their originals beside keepalived",
  PROGRAMS,
  ORIGINALS,
  async (original) => {
    const theirs = await play(original, "keepalived", figures);
    const ours = await play(original, "floatip", figures);
    assert.deepEqual(ours, theirs, "both say the same on the wire");
  },
  { atOnce: 3, afterwards: () => console.log(table(figures)) },
);

Deno.test({
  ...nameWith("import: another password is another cluster", reason),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const original = ORIGINALS.find(({ name }) => name === "web-pair");
    assert.ok(original !== undefined);
    const programs = programsOf(original, "keepalived");
    const change = (toml: string) => toml.replace('pass = "secret12"', 'pass = "secret13"');
    await using cluster = await MixedCluster.open(original, programs, change);
    const both = original.nodes.map((node) => cluster.takeover(node, [51], 0));
    await Promise.all(both);
  },
});

function table(figures: readonly Figure[]): string {
  return figures.map(({ original, best, what, milliseconds }) =>
    [
      `  ${original}`.padEnd(22),
      `${best} preferred`.padEnd(22),
      what.padEnd(28),
      `${(milliseconds / 1000).toFixed(2)} s`,
    ].join(" ")
  ).join("\n");
}
