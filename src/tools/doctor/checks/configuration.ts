/** Is the configuration file right? */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { DoctorTarget } from "../target.ts";

/** configuration */
export const configuration: DoctorCheck = {
  name: "configuration",
  needs: "nothing",
  run: (target) => Promise.resolve(judgeConfiguration(target)),
};

/** Each error and warning of the file itself; what does not fit this machine is {@link ./interface.ts}'s. */
export function judgeConfiguration({ file, problems, plan }: DoctorTarget): readonly Finding[] {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    return errors.map(({ line, what, why }) =>
      line > 0
        ? problem(`${file}:${line}: ${what}`, why, `floatip check ${file}`)
        : problem(`${what}: ${file}`, why, "floatip init")
    );
  }
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const found = warnings.map(({ line, what, why, fix }) =>
    warning(line > 0 ? `${file}:${line}: ${what}` : what, why, fix)
  );
  const { config, node } = plan ?? {};
  const instances = count(config?.instances.length ?? 0, "instance");
  const nodes = config === undefined || config.nodes.length === 0
    ? ""
    : ` on ${count(config.nodes.length, "node")}`;
  return [ok(`${file} is right: ${instances}${nodes}, this is ${node?.node}`), ...found];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
