/** Problems between a sound file and this machine, as `floatip check` prints them. Pure. */
import type { Interfaces } from "../net/interfaces.ts";
import { nearest } from "./did_you_mean.ts";
import type { Path, Problem } from "./problem.ts";

/** One that is about a value. */
export function machine(path: Path, what: string, why: string, fix: string): Problem {
  return { severity: "machine", path, at: "value", what, why, fix };
}

/** There is no interface called `name`, which `path` asks for. */
export function noInterface(name: string, path: Path, interfaces: Interfaces): Problem {
  const names = interfaces.links.filter((link) => !link.loopback).map((link) => link.name);
  const meant = nearest(name, names) ?? (names.length === 1 ? names[0] : undefined);
  return machine(
    path,
    `there is no interface ${name} on this machine: it has ${names.join(", ") || "none"}`,
    "The instance waits until it comes; with a wrong name it waits for ever.",
    meant === undefined ? "write the name of one that is there" : `interface = "${meant}"`,
  );
}
