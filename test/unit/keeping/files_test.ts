/** Do the files that survive a process come back as they were, and does a broken one do no harm? */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Maintenance } from "../../../src/daemon/maintenance.ts";
import type { ResumeNote } from "../../../src/daemon/resume.ts";
import {
  maintenancePath,
  readMaintenance,
  writeMaintenance,
} from "../../../src/keeping/maintenance_file.ts";
import {
  decodeResumeNote,
  readResumeNote,
  resumePath,
  writeResumeNote,
} from "../../../src/keeping/resume_file.ts";
import type { WallTime } from "../../../src/time.ts";

const NOTE: ResumeNote = {
  schema: 1,
  boot: "b",
  routers: [
    {
      key: "web/ipv4",
      master: { advertised: 5e12, identity: "[]", since: 1_700_000_000_000, transitions: 3 },
      aside: null,
    },
    { key: "web/ipv6", master: null, aside: { until: null } },
  ],
  checks: [{ name: "nginx", up: true, value: null, words: "200" }],
};

const MAINTENANCE: Maintenance = {
  since: 1_700_000_000_000 as WallTime,
  until: undefined,
  reason: "new SSD",
};

async function inFolder(body: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a note comes back as it was, and the next one replaces it", () =>
  inFolder((folder) => {
    assert.equal(readResumeNote(folder), undefined);
    writeResumeNote(folder, { ...NOTE, boot: "a" });
    writeResumeNote(folder, NOTE);
    assert.deepEqual(readResumeNote(folder), NOTE);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["resume.json"]);
  }));

Deno.test("a note that is torn, or of another version, is none", () =>
  inFolder((folder) => {
    const text = JSON.stringify(NOTE);
    for (
      const broken of ["", text.slice(0, -1), text.replace('"schema":1', '"schema":2'), "null"]
    ) {
      Deno.writeTextFileSync(resumePath(folder), broken);
      assert.equal(readResumeNote(folder), undefined, broken);
    }
  }));

Deno.test("fuzz: whatever stands in a note, it is one or none", () => {
  fc.assert(fc.property(fc.json(), (json) => {
    decodeResumeNote(JSON.parse(json));
  }));
  const parts = fc.constantFrom<unknown>(null, 1, "x", true, [], {}, NaN, [null], { key: 1 });
  fc.assert(fc.property(fc.record({ routers: parts, checks: parts, boot: parts }), (changes) => {
    const decoded = decodeResumeNote({ ...NOTE, ...changes });
    assert.ok(decoded === undefined || Array.isArray(decoded.routers));
  }));
});

Deno.test("maintenance comes back as it was, and goes when it is over", () =>
  inFolder((folder) => {
    const state = `${folder}/not/there/yet`;
    const complain = (words: string) => assert.fail(words);
    assert.equal(readMaintenance(state, complain), undefined);
    writeMaintenance(state, undefined);
    writeMaintenance(state, MAINTENANCE);
    assert.deepEqual(readMaintenance(state, complain), MAINTENANCE);
    writeMaintenance(state, undefined);
    assert.equal(readMaintenance(state, complain), undefined);
  }));

Deno.test("a maintenance file that cannot be understood means maintenance, and says so", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(maintenancePath(folder), '{"since":');
    const complaints: string[] = [];
    assert.ok(readMaintenance(folder, (words) => complaints.push(words)) !== undefined);
    assert.match(complaints.join(), /floatip maintenance off/);
  }));
