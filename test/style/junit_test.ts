/** The runner counts what `deno test` reports. */
import assert from "node:assert/strict";
import { readTally } from "../junit.ts";

Deno.test("junit: passed, failed and skipped tests, with their messages and reasons", () => {
  const xml = `<?xml version="1.0"?>
<testsuites name="deno test" tests="5" failures="1" errors="0">
  <testsuite name="./a_test.ts">
    <testcase name="one" time="0.001">
    </testcase>
    <testcase name="two [needs &lt;root&gt;]"><skipped/>
    </testcase>
    <testcase name="three"><failure message="x &amp;&#10;y&#10;">Error &lt;skipped/&gt;</failure>
    </testcase>
    <testcase name="four &gt; inner"><skipped/></testcase>
    <testcase name="five"/>
  </testsuite>
</testsuites>`;
  assert.deepEqual(readTally(xml, "unsaid"), {
    passed: 2,
    failed: [{ name: "three", message: "x &\ny" }],
    skipped: [{ name: "two", reason: "needs <root>" }, { name: "four > inner", reason: "unsaid" }],
  });
});
