/** Is the interface there, switched on and plugged in, with the address that peers expect? */
import { addressesOf, type Interfaces, linkNamed } from "../../../net/interfaces.ts";
import { formatPrefix } from "../../../net/prefix.ts";
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem } from "../finding.ts";
import { type DoctorTarget, interfacesOf } from "../target.ts";

/** interface */
export const interfaces: DoctorCheck = {
  name: "interface",
  needs: "file",
  run: (target, environment) => Promise.resolve(judgeInterfaces(target, environment.interfaces)),
};

/** What does not fit between file and machine, then the state of each link. */
export function judgeInterfaces(target: DoctorTarget, machine: Interfaces): readonly Finding[] {
  const unfit = target.problems.filter(({ severity }) => severity === "machine");
  return [
    ...unfit.map(({ what, why, fix }) => problem(what, why, fix)),
    ...interfacesOf(target).flatMap((name) => judgeLink(name, machine)),
  ];
}

function judgeLink(name: string, machine: Interfaces): readonly Finding[] {
  const link = linkNamed(machine, name);
  // That there is none was said above.
  if (link === undefined) return [];
  if (!link.up) {
    return [problem(`${name} is switched off`, "Nothing arrives on it.", `ip link set ${name} up`)];
  }
  if (!link.running) {
    return [problem(
      `${name} has no carrier`,
      "No cable, no access point, or the other end is off: the node is in fault.",
      "plug the cable in, or look at the switch's port",
    )];
  }
  const own = addressesOf(machine, link).filter(({ ours, prefix }) =>
    !ours && prefix.address.family === "ipv4"
  );
  const has = own.map(({ prefix }) => formatPrefix(prefix)).join(", ");
  return [ok(`${name} is up${has === "" ? "" : ` with ${has}`}`)];
}
