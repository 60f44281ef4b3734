/** The setup of a roads run: one file with [cluster], and mostly a second road. */
import type { Random } from "../random.ts";
import { drawSetup, LINK, type Setup } from "../setup.ts";

/** Draws one. */
export function drawRoads(random: Random): Setup {
  let setup = drawSetup(random);
  while (!setup.oneFile) setup = drawSetup(random);
  return withRoads(setup, random.chance(0.7));
}

/** With [cluster]; `linked`: and a second road. */
export function withRoads(setup: Setup, linked: boolean): Setup {
  if (!linked) return { ...setup, cluster: { linked } };
  const nodes = setup.nodes.map((node) => ({
    ...node,
    cards: [
      ...node.cards,
      { name: LINK.card, segment: LINK.segment, addresses: [`${LINK.net4}.${node.number}/24`] },
    ],
  }));
  return { ...setup, nodes, cluster: { linked } };
}

/** The same without [cluster]: VRRP decides alone. */
export function withoutReports({ cluster: _, ...setup }: Setup): Setup {
  return setup;
}
