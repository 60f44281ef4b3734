/** What does a configuration text say? A sound Config with its warnings, or every problem that it has. */
import { assert } from "../assert.ts";
import { seconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";
import { DEFAULT_UDP_PORT } from "../wire/vrrp.ts";
import { boundsProblem, countProblem } from "./bounds.ts";
import type { Config, FloatingAddress, InstanceConfig } from "./config.ts";
import { type Credentials, substitute, UNSEEN } from "./credentials.ts";
import { discords } from "./plan/group_priorities.ts";
import { type FileDraft, type InstanceDraft, readFileDraft } from "./drafts.ts";
import type { Path, Problem } from "./problem.ts";
import { ProblemList } from "./problem_list.ts";
import { toCheck } from "./drafts_check.ts";
import { toNotify } from "./drafts_notify.ts";
import { checkFile } from "./sound_file.ts";
import { parseToml } from "./syntax.ts";

/** What a text decodes to. */
export type Decoded =
  | {
    readonly kind: "config";
    readonly config: Config;
    readonly warnings: readonly Problem[];
    /** Where the file only names a secret that is kept elsewhere. */
    readonly credentials: readonly Path[];
  }
  /** At least one of them an error; warnings stand among them. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/**
 * Decodes `text`; all problems are found, not the first (but of broken TOML only the first). `credentials`: the secrets that it
 * only names. Never throws.
 */
export function decode(text: string, credentials: Credentials = UNSEEN): Decoded {
  try {
    return decodeBounded(text, credentials);
  } catch (error) {
    return { kind: "problems", problems: [unforeseen(error)] };
  }
}

/** A mistake of ours, or a stack that was too small: the file is to blame only as far as it brought that about. */
export function unforeseen(error: unknown): Problem {
  const name = error instanceof Error ? error.name : "an exception";
  return {
    severity: "error",
    path: [],
    at: "value",
    what: `floatip itself failed over this file (${name})`,
    why: "It is not known whether the file is sound, so nothing of it is used.",
    fix: "please report it, with the file without its passwords; a simpler file may do meanwhile",
    position: { line: 1, column: 1 },
  };
}

function decodeBounded(text: string, credentials: Credentials): Decoded {
  const beyond = boundsProblem(text);
  if (beyond !== undefined) return { kind: "problems", problems: [beyond] };
  const parsed = parseToml(text);
  if (parsed.kind === "problem") return { kind: "problems", problems: [parsed.problem] };
  const tooMany = countProblem(parsed.root);
  if (tooMany !== undefined) return { kind: "problems", problems: [tooMany] };
  const problems = new ProblemList();
  const { report } = problems;
  const { root, places } = substitute(parsed.root, credentials, report);
  const file = readFileDraft(root, report);
  checkFile(file, report);
  if (problems.hasErrors) return { kind: "problems", problems: problems.all() };
  const config = toConfig(file);
  for (const discord of discords(config)) report(discord);
  return { kind: "config", config, warnings: problems.all(), credentials: places };
}

function toConfig(file: FileDraft): Config {
  return {
    nodeName: file.nodeName,
    nodes: file.nodes.map(({ name, addresses }) => ({
      name,
      addresses: addresses.map(({ address }) => address),
    })),
    instances: file.instances.map(toInstance),
    groups: file.groups.map(({ name, instances }) => ({ name, instances: whole(instances) })),
    checks: file.checks.map(toCheck),
    notify: file.notify && toNotify(file.notify),
    metrics: { listen: file.metrics?.listen },
  };
}

function toInstance(draft: InstanceDraft): InstanceConfig {
  const { keys, name } = draft;
  const { vrid, priority } = keys;
  assert(vrid !== undefined, "an instance without a vrid is a problem");
  return {
    name,
    vrid,
    interface: keys.interface,
    addresses: draft.addresses.map(toFloating),
    prefer: keys.prefer,
    priority: typeof priority === "object" ? undefined : priority,
    priorities: typeof priority === "object" ? priority : new Map(),
    version: keys.version ?? 3,
    advertInterval: keys.advert_interval ?? seconds(1),
    transport: keys.transport,
    port: keys.port ?? DEFAULT_UDP_PORT,
    source: keys.source,
    peers: keys.peers === undefined ? undefined : whole<Ip>(keys.peers),
    preempt: keys.preempt ?? true,
    preemptDelay: keys.preempt_delay ?? seconds(0),
    initialState: keys.initial_state ?? "backup",
    password: draft.password,
    checksum: keys.checksum ?? "auto",
    addressMismatch: keys.address_mismatch ?? "auto",
    lease: keys.lease ?? "auto",
    duplicateCheck: keys.duplicate_check ?? "quick",
    stop: keys.stop ?? "handover",
    checks: keys.checks ?? [],
    notify: draft.notify && toNotify(draft.notify),
  };
}

function toFloating(entry: InstanceDraft["addresses"][number]): FloatingAddress {
  assert(entry.prefix !== undefined, "an address that cannot be read is a problem");
  const { prefix, interface: wire, label, advertised } = entry;
  return { prefix, interface: wire, label, advertised };
}

function whole<T>(entries: readonly (T | undefined)[]): readonly T[] {
  return entries.map((entry) => {
    assert(entry !== undefined, "an entry that cannot be read is a problem");
    return entry;
  });
}
