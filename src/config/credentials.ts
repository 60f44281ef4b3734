/**
 * { credential = "NAME" } in the file: a secret that is kept elsewhere, put in the place of its
 * name.
 */
import { UNSEEN_KEY } from "./cluster_key.ts";
import { error, type Path, type Problem } from "./problem.ts";
import type { Report } from "./problem.ts";
import { isTable } from "./toml_text.ts";

/** What became of a credential. */
export type Credential =
  | { readonly kind: "text"; readonly text: string }
  /** Only the service may read it: a check of the file takes it for sound. */
  | { readonly kind: "unseen" }
  /**
   * In words, and what to do. `severity` "warning": it may be there for the service all the same.
   */
  | ({ readonly kind: "missing" } & Pick<Problem, "severity" | "what" | "fix">);

/** Looks a credential up. */
export type Credentials = (name: string) => Credential;

/** Every credential is there, and not to be read here. */
export const UNSEEN: Credentials = () => ({ kind: "unseen" });

/** A file with its credentials in place. */
interface Substituted {
  readonly root: Readonly<Record<string, unknown>>;
  /** Where a credential stood: what is there now does not stand in the file. */
  readonly places: readonly Path[];
}

/** Names that systemd takes, and that are no way to another folder. */
export const CREDENTIAL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** Keys whose value is a secret, or may have one in it. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "pass",
  "secret",
  "token",
  "password",
  "url",
  "webhook",
  "ntfy",
  "mqtt",
  "etcd_password",
  "etcd_key",
]);

/**
 * Puts `credentials` into `root`; what is wrong about one is reported, and the key then left out.
 */
export function substitute(
  root: Readonly<Record<string, unknown>>,
  credentials: Credentials,
  report: Report,
): Substituted {
  const places: Path[] = [];
  const inTable = (
    table: Readonly<Record<string, unknown>>,
    path: Path,
  ): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(table).flatMap(([key, value]) => {
        const at = [...path, key];
        if (!isTable(value)) return [[key, value]];
        if (!isReference(value) || path.length === 0) return [[key, inTable(value, at)]];
        const text = resolve(key, value.credential, at, credentials, report);
        if (text === undefined) return [];
        places.push(at);
        return [[key, text]];
      }),
    );
  return { root: inTable(root, []), places };
}

function isReference(
  value: Readonly<Record<string, unknown>>,
): value is { readonly credential: unknown } {
  return Object.keys(value).join() === "credential";
}

/**
 * The text; undefined where no secret is wanted. After an error something sound, so that it is the
 * only one.
 */
function resolve(
  key: string,
  name: unknown,
  path: Path,
  credentials: Credentials,
  report: Report,
): string | undefined {
  if (!SECRET_KEYS.has(key)) {
    report(noSecret(key, path));
    return undefined;
  }
  if (typeof name !== "string" || !CREDENTIAL_PATTERN.test(name)) {
    report(wrongName(key, path));
    return placeholder(path);
  }
  const found = credentials(name);
  if (found.kind === "text") return found.text;
  if (found.kind === "missing") {
    const { severity, what, fix } = found;
    const why = "Secrets that the file only names are read when the service starts.";
    report({ severity, path: [...path, "credential"], at: "value", what, why, fix });
  }
  return placeholder(path);
}

function noSecret(key: string, path: Path): Problem {
  return error(
    path,
    `${key} cannot come from a credential`,
    "Credentials are for secrets; everything else is better read in the file.",
    `${key} = ...  # the value itself`,
    "key",
  );
}

function wrongName(key: string, path: Path): Problem {
  return error(
    [...path, "credential"],
    "the name of a credential is made of letters, digits and _ . - (100 at most)",
    "It is the name of a file.",
    `${key} = { credential = "floatip-${key}" }`,
  );
}

/** Something sound in the place of what cannot be seen. */
function placeholder(path: Path): string {
  const key = path.at(-1);
  if (key === "etcd_key") return "-----BEGIN PRIVATE KEY-----";
  if (path[0] === "cluster" && key === "secret") return UNSEEN_KEY;
  const isUrl = key === "url" || path.at(-2) === "notify";
  if (!isUrl) return "********";
  return `${path.includes("mqtt") ? "mqtt" : "https"}://credential.invalid/credential`;
}
