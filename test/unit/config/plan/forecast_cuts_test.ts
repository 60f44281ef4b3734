/** What comes of machines that are gone and of cuts, for exclusive instances, as it is told. */
import assert from "node:assert/strict";
import { forecast } from "../../../../src/config/plan/forecast.ts";
import { forecastCuts, holdersAfter, sidesOf } from "../../../../src/config/plan/forecast_cuts.ts";
import { cutLines } from "../../../../src/cli/check/forecast_text.ts";
import { golden } from "../../../support/golden.ts";
import { configFrom } from "../../../sim/cluster.ts";

function fileOf(nodes: number, decides: string, names: readonly string[] = ["db"]): string {
  const all = ["pi-a", "pi-b", "pi-c", "pi-d", "pi-e", "pi-f", "pi-g", "pi-h", "pi-i"];
  return [
    "[nodes]",
    ...all.slice(0, nodes).map((name, index) => `${name} = "192.168.1.${11 + index}"`),
    '[cluster]\nsecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"',
    decides,
    ...names.map((name, index) =>
      `[instance.${name}]\nvrid = ${51 + index}\naddresses = ["192.168.1.${50 + index}/24"]\n` +
      'prefer = ["pi-a", "pi-b"]\nexclusive = true'
    ),
  ].join("\n");
}

const NAS = 'witnesses = { nas = "192.168.1.5" }';
const TWO = 'witnesses = { nas = "192.168.1.5", pc = "192.168.1.6" }';
const THREE = 'witnesses = { nas = "192.168.1.5", pc = "192.168.1.6", tv = "192.168.1.7" }';
const ETCD = 'etcd = ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"]';

Deno.test("forecast of cuts as it is told (golden)", async () => {
  const parts = [
    ["two nodes and a witness", fileOf(2, NAS, ["db", "dhcp"])],
    ["two nodes", fileOf(2, "")],
    ["three nodes", fileOf(3, "")],
    ["two nodes and two witnesses", fileOf(2, TWO)],
    ["two nodes and three witnesses", fileOf(2, THREE)],
    ["nine nodes and two witnesses", fileOf(9, TWO)],
    ["two nodes and etcd", fileOf(2, ETCD)],
  ].map(([title = "", text = ""]) => {
    const config = configFrom(text);
    const deaths = forecast(config).slice(0, 1).flatMap(({ rows }) =>
      rows.map(({ words, recovery }) => recovery === undefined ? words : `${words}; ${recovery}`)
    );
    return [`== ${title}`, ...deaths, ...cutLines(forecastCuts(config)), ""].join("\n");
  });
  await golden("forecast_cuts", parts.join("\n"));
});

Deno.test("forecast of cuts: the best node of the side with a majority, if there is one", () => {
  const [found] = forecastCuts(configFrom(fileOf(3, TWO)));
  assert.ok(found !== undefined);
  const { electorate, nodes } = found;
  const cases: readonly (readonly [side: readonly string[], holders: readonly string[]])[] = [
    [["pi-a", "nas", "pc"], ["pi-a"]],
    [["pi-a"], ["pi-b"]],
    [["pi-a", "pi-b"], ["pi-c"]],
    [["pi-a", "pi-b", "pi-c"], ["pi-a"]],
    [["nas", "pc", "pi-c"], ["pi-c"]],
  ];
  for (const [side, holders] of cases) {
    const cut = sidesOf(side, electorate.voters);
    assert.deepEqual(holdersAfter(electorate, nodes, "pi-a", cut), holders, side.join());
  }
});

Deno.test("forecast of cuts: none of what is not exclusive", () => {
  assert.deepEqual(forecastCuts(configFrom(fileOf(2, "").replace("exclusive = true", ""))), []);
});
