/** The configuration file as commands read it, and what they say where it is missing. */
import { EXIT, Failure } from "./exit.ts";

/** The file that is read where none is named. */
export const DEFAULT_CONFIG_FILE = "/etc/floatip/floatip.toml";

/** The file that `floatip import` reads where none is named. */
export const DEFAULT_KEEPALIVED_FILE = "/etc/keepalived/keepalived.conf";

const EXAMPLE = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
prefer = ["pi-a", "pi-b"]`;

/** Throws Failure where `file` is not there, or not for this user. */
export async function demandFile(file: string): Promise<void> {
  try {
    // Opening a pipe would wait for a program to write to it; what else is wrong, load says.
    if ((await Deno.stat(file)).isFile) (await Deno.open(file)).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missing(file);
    if (error instanceof Deno.errors.PermissionDenied) throw denied(file);
  }
}

function missing(file: string): Failure {
  const hint = "Name another file with -c FILE. `floatip init` writes a first one, like this:\n" +
    EXAMPLE.split("\n").map((line) => `  ${line}`.trimEnd()).join("\n");
  return new Failure(EXIT.invalid, `there is no configuration file ${file}`, hint);
}

function denied(file: string): Failure {
  const hint = `Run it as root, or let this user read the file: chmod, chgrp ${file}`;
  return new Failure(EXIT.notPermitted, `not permitted to read ${file}`, hint);
}
