/** The file that init writes is one that floatip reads, with its comments taken off too. */
import assert from "node:assert/strict";
import { decode } from "../../../src/config/decode.ts";
import { type FirstAnswers, firstFile, proposedCheck } from "../../../src/config/first_file.ts";
import { ip } from "../../../src/net/ip.ts";
import { formatPrefix, parsePrefix } from "../../../src/net/prefix.ts";
import { golden } from "../../support/golden.ts";

const ANSWERS: FirstAnswers = {
  instance: "main",
  interface: undefined,
  vrid: 52,
  heard: true,
  address: parsePrefix("192.168.1.250/24") ?? assert.fail(),
  nodes: [
    { name: "pi-a", address: ip("192.168.1.11") },
    { name: "pi.b", address: ip("192.168.1.12") },
  ],
  check: proposedCheck(new Set()),
  hasPage: true,
};

function demandSound(text: string): void {
  const decoded = decode(text);
  assert.equal(decoded.kind, "config", `${text}\n${JSON.stringify(decoded)}`);
}

Deno.test("the first file reads as it was agreed", async () => {
  const alone = firstFile({
    ...ANSWERS,
    nodes: [],
    interface: "eth0",
    heard: false,
    hasPage: false,
  });
  await golden("first_file", `${firstFile(ANSWERS)}\n=== without nodes\n\n${alone}`);
  demandSound(firstFile(ANSWERS));
  demandSound(alone);
});

Deno.test("an IPv6 address has a link-local one in front, and the file no warning", () => {
  const address = parsePrefix("fd00::fa/64") ?? assert.fail();
  const decoded = decode(firstFile({ ...ANSWERS, nodes: [], address }));
  assert.equal(decoded.kind, "config");
  if (decoded.kind !== "config") return;
  assert.deepEqual(decoded.warnings, []);
  const [instance] = decoded.config.instances;
  assert.deepEqual(instance?.addresses.map(({ prefix }) => formatPrefix(prefix)), [
    "fe80::34/64",
    "fd00::fa/64",
  ]);
});

for (const port of [0, 53, 80, 443, 1883, 5432, 6443, 8123]) {
  Deno.test(`the check proposed for port ${port} works without its comment marks`, () => {
    const check = proposedCheck(new Set([port]));
    const text = firstFile({ ...ANSWERS, check }).replace(/^# (checks =|\[check|\w+ = )/gm, "$1");
    const decoded = decode(text);
    assert.equal(decoded.kind, "config", `${text}\n${JSON.stringify(decoded)}`);
    if (decoded.kind !== "config") return;
    assert.deepEqual(decoded.config.instances[0]?.checks, [check.name]);
    assert.equal(decoded.config.checks[0]?.name, check.name);
  });
}
