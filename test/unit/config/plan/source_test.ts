/** The source of adverts on an interface with several addresses. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { formatIp } from "../../../../src/net/ip.ts";
import { machine } from "../../../support/config/machines.ts";

/**
 * Two addresses on one interface, peers in the network of the second, which is not the first that
 * IPv4 lists.
 */
const TWO = machine({ eth0: ["10.5.0.1/24", "10.77.0.11/24"] });
const PAIR = `[instance.web]
vrid = 51
addresses = ["10.77.0.50/24"]
peers = ["10.77.0.12"]
`;

function planned(text: string) {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  return plan(decoded.config, TWO, undefined, undefined);
}

function sourceIn({ node }: ReturnType<typeof planned>): string | undefined {
  const source = node.plans[0]?.source;
  return source && formatIp(source);
}

Deno.test("several addresses, peers, no source: asks which address the peers know", () => {
  const { problems } = planned(PAIR);
  assert.equal(problems.length, 1);
  const [{ what, fix, severity } = assert.fail()] = problems;
  assert.equal(severity, "machine");
  assert.match(what, /^eth0 has the addresses 10\.5\.0\.1 and 10\.77\.0\.11, and nothing says/);
  // The line that is printed, put into the file, mends it.
  const mended = planned(PAIR + fix);
  assert.deepEqual(mended.problems, []);
  assert.equal(sourceIn(mended), "10.77.0.11");
});

for (
  const [what, text] of Object.entries({
    "one list of peers for all names this node's address": PAIR.replace(
      '["10.77.0.12"]',
      '["10.77.0.11", "10.77.0.12"]',
    ),
    "[nodes] names it": `[nodes]\na = "10.77.0.11"\nb = "10.77.0.12"\n${
      PAIR.replace(/peers.*\n/, "")
    }`,
    "it is written": `${PAIR}source = "10.77.0.11"`,
    "multicast, where nobody is refused": PAIR.replace(/peers.*\n/, 'transport = "multicast"\n'),
  })
) {
  Deno.test(`several addresses: nothing is asked where ${what}`, () => {
    const found = planned(text);
    assert.deepEqual(found.problems, []);
    const multicast = found.node.plans[0]?.rules.transport === "multicast";
    assert.equal(sourceIn(found), multicast ? undefined : "10.77.0.11");
  });
}
