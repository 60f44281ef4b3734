/** Faults of adverts by UDP, made in namespaces. */
import { demand } from "../lab/command.ts";
import { type Clinic, fileWith } from "./clinic.ts";
import type { Fault } from "./fault.ts";

/** Two nodes whose adverts are UDP datagrams. */
export const BY_UDP = fileWith(['transport = "udp"']);

/** A chain for what comes in; `rules` with the policy first. */
async function filter(clinic: Clinic, name: string, rules: string): Promise<void> {
  const chain = `chain input {\ntype filter hook input priority filter; ${rules}\n}`;
  const input = `table inet filter {\n${chain}\n}\n`;
  await demand(clinic.host(name).argv(["nft", "-f", "-"]), { input });
}

/** All of them. */
export const UDP_FAULTS: readonly Fault[] = [
  {
    name: "a default-drop policy that lets another UDP port in",
    programs: ["nft"],
    expected: {
      check: "firewall",
      mark: "problem",
      what: /nft's chain inet filter input drops UDP port 336 from 10\.77\.0\.2, by its policy/,
      fix: /^nft 'insert rule inet filter input .*udp dport 336 accept/,
    },
    async play(clinic) {
      await filter(clinic, "a", "policy drop;\nudp dport { 53, 5405 } accept");
      return await clinic.examine("a", { file: BY_UDP });
    },
    async mend(clinic, { fix }) {
      await demand(clinic.host("a").argv(["sh", "-c", fix ?? "false"]));
      return await clinic.examine("a", { file: BY_UDP });
    },
  },
  {
    name: "adverts by UDP that arrive and are dropped",
    programs: ["nft"],
    expected: {
      check: "adverts",
      mark: "problem",
      what: /adverts of a \(10\.77\.0\.1\) reach eth0, but not floatip/,
      fix: /^floatip firewall$/,
    },
    async play(clinic) {
      await clinic.start("a", "master", BY_UDP);
      await filter(clinic, "b", "\nmeta mark 0 udp dport 336 drop");
      const daemon = await clinic.start("b", "master", BY_UDP);
      return await clinic.examine("b", { daemon });
    },
    async mend(clinic) {
      await demand(clinic.host("b").argv(["nft", "flush", "ruleset"]));
      const daemon = clinic.daemon("b");
      await daemon.untilState("backup");
      return await clinic.examine("b", { daemon });
    },
  },
  {
    name: "a peer on which floatip does not run",
    expected: {
      check: "adverts",
      mark: "warning",
      what: /UDP port 336 of b \(10\.77\.0\.2\) is closed: floatip does not run there, or/,
      fix: /^systemctl enable --now floatip {3}# on b/,
    },
    async play(clinic) {
      const daemon = await clinic.start("a", "master", BY_UDP);
      return await clinic.examine("a", { daemon });
    },
    async mend(clinic) {
      await clinic.start("b", "backup", BY_UDP);
      return await clinic.examine("a", { daemon: clinic.daemon("a") });
    },
  },
  {
    name: "a peer that uses IP protocol 112",
    expected: {
      check: "adverts",
      mark: "warning",
      what:
        /b \(10\.77\.0\.2\) sends adverts for VRID 51 by unicast; this node expects udp port 336/,
      fix: /same transport and port/,
    },
    async play(clinic) {
      await clinic.start("b", "master");
      return await clinic.examine("a", { file: BY_UDP });
    },
    mend: (clinic) => clinic.examine("a"),
  },
];
