/** Flags and help of `floatip init`. */
import { buildCommand } from "@stricli/core";
import { configFlag, switchFlag, textFlag, timeFlag, valueFlag } from "../flags.ts";
import type { InitFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** A VRID. Throws SyntaxError. */
function parseVrid(input: string): number {
  const vrid = /^\d{1,3}$/.test(input) ? Number(input) : NaN;
  if (vrid >= 1 && vrid <= 255) return vrid;
  throw new SyntaxError("a VRID is a number from 1 to 255");
}

/** `floatip init` */
export const init = buildCommand<InitFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).init),
  parameters: {
    flags: {
      interface: textFlag("IF", "The interface (the one of the default route)"),
      address: textFlag("ADDRESS", "The floating address (one that no machine answers for)"),
      nodes: textFlag(
        "LIST",
        "The other machines: pi-b=192.168.1.12,pi-c (all that have the file)",
      ),
      vrid: valueFlag(parseVrid, "N", "The VRID (51, or the next one that is not in use)"),
      name: textFlag("NAME", "The name of the instance (main)"),
      page: textFlag(
        "yes|no",
        "Show the page to all browsers on the LAN (asked; no without a terminal)",
      ),
      listen: timeFlag("How long to listen for other VRRP (4s)"),
      yes: switchFlag("Ask nothing, take the guesses (default without a terminal)"),
      dryRun: switchFlag("Print the file, write nothing"),
      force: switchFlag("Overwrite an existing file"),
      config: configFlag,
    },
    aliases: { c: "config", i: "interface", y: "yes" },
  },
  docs: {
    brief: "Write a first configuration: at most four questions, each with a guess",
    fullDescription: [
      "Listens to the LAN for four seconds, so that it takes no VRID and no address that is in",
      "use. Asks what it cannot guess, and writes one file that is the same on every node. The",
      "file is printed on standard output too, everything else on standard error. Where other",
      "machines are named, it draws the secret of [cluster] into /etc/floatip/credentials/cluster,",
      "unless that is there. At a terminal it then waits for the others, as `floatip invite` does:",
      "the one line that it prints brings file and secret to them.",
      "",
      "QUESTIONS",
      "  1. the interface          a list, if this machine has several; guess: the default route's",
      "  2. the other machines     name=address, or a name or address alone; Enter: every node",
      "                            that has the file takes part, by multicast",
      "  3. the floating address   a list of high ones of the subnet that no machine answers for,",
      "                            or any other; it is outside the router's DHCP range",
      "  4. the page               may every browser on the LAN see the state? Guess: yes;",
      "                            nothing is opened where no person is asked",
      "",
      "EXAMPLES",
      "  sudo floatip init",
      "  sudo floatip init --nodes pi-b=192.168.1.12 --address 192.168.1.50 --name dns",
      "  sudo floatip init --yes --dry-run > floatip.toml",
      "",
      "Next: the printed line on the other nodes, then `floatip status`.",
    ].join("\n"),
  },
});
