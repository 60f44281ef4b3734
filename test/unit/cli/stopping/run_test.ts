import assert from "node:assert/strict";
import { jobOf } from "../../../../src/cli/stopping/run.ts";

Deno.test("the job of a unit is read from what systemctl prints, its own and no other's", () => {
  const jobs = "  812 nginx.service   restart waiting\n 1203 floatip.service restart running\n";
  assert.equal(jobOf(jobs, "floatip.service"), "restart");
  assert.equal(jobOf("1203 floatip.service stop running\n", "floatip.service"), "stop");
  assert.equal(jobOf("1203 my-floatip.service restart running\n", "floatip.service"), undefined);
  for (const nothing of ["", "No jobs running.\n", "floatip.service"]) {
    assert.equal(jobOf(nothing, "floatip.service"), undefined);
  }
});
