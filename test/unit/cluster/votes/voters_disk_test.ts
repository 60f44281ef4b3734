/** What a voter writes down beside the loop, with a clock that goes on within a turn. */
import assert from "node:assert/strict";
import { Votes } from "../../../../src/cluster/votes/arbiter.ts";
import { type Instant, seconds } from "../../../../src/time.ts";

Deno.test("votes: what was written down is taken in by the turn that was asked for it", () => {
  let [read, done] = [9e9, (_: boolean): void => assert.fail("nothing was handed over")];
  const now = () => (read += 1000) as Instant;
  const votes = new Votes(
    {
      ...{ self: "b", now, clocks: () => ({ boot: seconds(9), raw: seconds(9) }) },
      ...{ randomBytes: (count) => new Uint8Array(count), floorOf: () => 0, voters: undefined },
      ...{ onChange() {}, onWish() {}, send() {} },
      saveVoters: (_, then) => void (done = then),
    },
    ["a", "b", "w"],
    ["instance/web"],
  );
  for (const isWritten of [undefined, true]) {
    if (isWritten !== undefined) done(isWritten);
    const due = votes.nextDeadline() ?? assert.fail("no turn is asked for");
    assert.ok(due <= now(), "it is due");
    votes.tick(due);
    assert.equal(votes.nextDeadline(), undefined, "nothing is left to do");
  }
});
