/** Faults of the fence, with what the doctor says of each. */
import { setTimeout as pause } from "node:timers/promises";
import { demand } from "../lab/command.ts";
import { FLOATIP } from "../lab/program.ts";
import type { LabHost } from "../lab/lab_host.ts";
import type { Clinic, Found } from "./clinic.ts";
import type { Fault } from "./fault.ts";

/** Longer than a daemon needs to see that its table is gone, and to make it again. */
const SEEN_MS = 3000;

/** Does what the doctor says, and looks again. */
async function obey(clinic: Clinic, { fix }: Found) {
  await demand(clinic.host("a").argv(["sh", "-c", fix ?? "false"]));
  await pause(SEEN_MS);
  return clinic.examine("a", { daemon: clinic.daemon("a") });
}

async function nft(host: LabHost, input: string): Promise<void> {
  await demand(host.argv(["nft", "-f", "-"]), { input });
}

/** All of them. */
export const FENCE_FAULTS: readonly Fault[] = [
  {
    name: "a chain of the fence that another program has removed",
    programs: ["nft"],
    expected: {
      check: "fence",
      mark: "problem",
      what: /the table netdev floatip lacks chains on eth0/,
      fix: /^nft delete table netdev floatip/,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master");
      const [, chain] = /chain (in_\d+)/.exec(
        await demand(clinic.host("a").argv(["nft", "list", "table", "netdev", "floatip"])),
      ) ?? [];
      await nft(clinic.host("a"), `delete chain netdev floatip ${chain}\n`);
      return clinic.examine("a", { daemon });
    },
    mend: obey,
  },
  {
    name: "another program's chain, which takes what keeps the fence open",
    programs: ["nft"],
    expected: {
      check: "fence",
      mark: "problem",
      what: /10\.77\.0\.100 is not open in the table .*: chain taker of netdev other/,
      fix: /^nft delete chain netdev other taker$/,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master");
      const hook = 'type filter hook egress device "lo" priority -10; policy drop;';
      await nft(clinic.host("a"), `table netdev other {\nchain taker {\n${hook}\n}\n}\n`);
      return clinic.examine("a", { daemon });
    },
    mend: obey,
  },
  {
    name: "a fence that a killed daemon has left",
    programs: ["nft"],
    expected: {
      check: "fence",
      mark: "warning",
      what: /a table of a daemon that has ended is left/,
      fix: /^floatip release$/,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master");
      await daemon.crash();
      return clinic.examine("a", { daemon });
    },
    async mend(clinic) {
      const runDir = `${clinic.daemon("a").folder}/run`;
      await demand(clinic.host("a").argv([...FLOATIP, "release", "--run-dir", runDir]));
      return clinic.examine("a", { daemon: clinic.daemon("a") });
    },
  },
];
