/** Files of state come back as they were written, and a broken one does no harm. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Maintenance } from "../../../src/daemon/command.ts";
import type { ResumeState } from "../../../src/daemon/resume.ts";
import {
  maintenancePath,
  readMaintenance,
  writeMaintenance,
} from "../../../src/service/state_files.ts";
import {
  decodeResumeState,
  readResumeState,
  resumePath,
  writeResumeState,
} from "../../../src/service/state_files.ts";
import { formatWallTime, type WallTime } from "../../../src/time.ts";
import { inFolder } from "../../support/in_folder.ts";
import { STRANGERS } from "../../support/strangers.ts";

const NOTE: ResumeState = {
  schema: 1,
  boot: "b",
  routers: [
    {
      key: "web/ipv4",
      master: {
        advertised: 5e12,
        identity: "[]",
        links: "eth0 2",
        since: 1_700_000_000_000,
        transitions: 3,
      },
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

Deno.test("a note comes back as it was, and the next one replaces it", () =>
  inFolder((folder) => {
    assert.equal(readResumeState(folder, assert.fail), undefined);
    writeResumeState(folder, { ...NOTE, boot: "a" });
    writeResumeState(folder, NOTE);
    assert.deepEqual(readResumeState(folder, assert.fail), NOTE);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["resume.json"]);
  }));

Deno.test("a note is nobody else's to read, and what stands beside it is not written to", () =>
  inFolder((folder) => {
    const victim = `${folder}/victim`;
    Deno.writeTextFileSync(victim, "theirs");
    Deno.symlinkSync(victim, `${resumePath(folder)}.new`);
    writeResumeState(folder, NOTE);
    assert.deepEqual(readResumeState(folder, assert.fail), NOTE);
    assert.equal((Deno.lstatSync(resumePath(folder)).mode ?? 0) & 0o777, 0o600);
    assert.equal(Deno.readTextFileSync(victim), "theirs");
  }));

Deno.test("a note that is torn, or of another version, is none", () =>
  inFolder((folder) => {
    const text = JSON.stringify(NOTE);
    for (
      const broken of ["", text.slice(0, -1), text.replace('"schema":1', '"schema":2'), "null"]
    ) {
      Deno.writeTextFileSync(resumePath(folder), broken);
      assert.equal(readResumeState(folder, assert.fail), undefined, broken);
    }
  }));

Deno.test("fuzz: whatever stands in a note, it is one or none", () => {
  fc.assert(fc.property(fc.json(), (json) => {
    decodeResumeState(JSON.parse(json));
  }));
  const parts = fc.constantFrom<unknown>(null, 1, "x", true, [], {}, NaN, [null], { key: 1 });
  fc.assert(fc.property(fc.record({ routers: parts, checks: parts, boot: parts }), (changes) => {
    const decoded = decodeResumeState({ ...NOTE, ...changes });
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

Deno.test("maintenance, and its end, outlive a power cut: what is changed is synced", () =>
  inFolder((folder) => {
    const { syncSync } = Deno.FsFile.prototype;
    const synced: string[] = [];
    Deno.FsFile.prototype.syncSync = function () {
      synced.push(this.statSync().isDirectory ? "folder" : "file");
      syncSync.call(this);
    };
    try {
      writeMaintenance(folder, MAINTENANCE);
      assert.deepEqual(synced, ["file", "folder"]);
      writeMaintenance(folder, undefined);
      assert.deepEqual(synced.slice(2), ["folder"]);
    } finally {
      Deno.FsFile.prototype.syncSync = syncSync;
    }
  }));

Deno.test("a maintenance file that cannot be understood means maintenance, and says so", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(maintenancePath(folder), '{"since":');
    const complaints: string[] = [];
    assert.ok(readMaintenance(folder, (words) => complaints.push(words)) !== undefined);
    assert.match(complaints.join(), /floatip maintenance off/);
  }));

const strangeTimes = [
  '{"since":1e308,"until":null,"reason":"x"}',
  '{"since":1,"until":1e16,"reason":"x"}',
  '{"since":-1e16,"until":null,"reason":"x"}',
  '{"since":1,"until":"tomorrow","reason":"x"}',
];

for (const text of strangeTimes) {
  Deno.test(`a time that no calendar has is said, and maintenance is on: ${text}`, () =>
    inFolder((folder) => {
      Deno.writeTextFileSync(maintenancePath(folder), text);
      const complaints: string[] = [];
      const found = readMaintenance(folder, (words) => complaints.push(words));
      assert.match(complaints.join(), /holds a time that is none; maintenance is on until/);
      assert.equal(found?.reason, "x");
      for (const time of [found?.since, found?.until]) {
        if (time !== undefined) assert.ok(formatWallTime(time).endsWith("Z"));
      }
    }));
}

for (const [what, make] of Object.entries(STRANGERS)) {
  Deno.test(`${what} in a file's place is said, not followed, and holds nothing up`, () =>
    inFolder((folder) => {
      const victim = `${folder}/victim`;
      // Both a sound note and a sound maintenance: only the place is wrong.
      const text = JSON.stringify({ ...NOTE, ...MAINTENANCE });
      Deno.writeTextFileSync(victim, text);
      const paths = [resumePath(folder), maintenancePath(folder)];
      for (const path of paths) {
        for (const place of [path, `${path}.new`]) make(place, victim);
      }
      const complaints: string[] = [];
      const complain = (words: string) => void complaints.push(words);
      assert.equal(readResumeState(folder, complain), undefined);
      assert.equal(readMaintenance(folder, complain), undefined);
      assert.equal(complaints.length, 2);
      for (const words of complaints) assert.ok(words.includes(` is ${what}, not a file`), words);

      const write = () => {
        writeResumeState(folder, NOTE);
        writeMaintenance(folder, MAINTENANCE);
      };
      // Whatever can be replaced is; a folder is not, and says so.
      if (what === "a folder") assert.throws(write);
      else {
        write();
        assert.deepEqual(readResumeState(folder, assert.fail), NOTE);
        assert.deepEqual(readMaintenance(folder, assert.fail), MAINTENANCE);
      }
      assert.equal(Deno.readTextFileSync(victim), text);
    }));
}

Deno.test("a file beyond all measure is said, and not read", () =>
  inFolder((folder) => {
    const complaints: string[] = [];
    const complain = (words: string) => void complaints.push(words);
    for (const path of [resumePath(folder), maintenancePath(folder)]) {
      Deno.writeTextFileSync(path, "");
      Deno.truncateSync(path, 3e9);
    }
    assert.equal(readResumeState(folder, complain), undefined);
    const start = Date.now();
    const since = readMaintenance(folder, complain)?.since ?? assert.fail("it was asked for");
    assert.ok(since >= start, "not since 1970");
    assert.equal(complaints.length, 2);
  }));

Deno.test("what is in a file that cannot be understood is not shown", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(maintenancePath(folder), "root:$6$secret:1:0:99999:7:::");
    const complaints: string[] = [];
    readMaintenance(folder, (words) => complaints.push(words));
    assert.doesNotMatch(complaints.join(), /root|secret/);
  }));
