/** Which keys may a configuration have, at its root and in small tables? For each: shape, default, meaning, why it matters, example. */
import type * as v from "valibot";
import { listOf, table, text } from "./types.ts";

/** One key. The texts are for problems, manual pages and completions alike. */
export interface Key<Output = unknown> {
  /** Turns the TOML value into ours, or says no. */
  readonly shape: v.GenericSchema<unknown, Output>;
  /** For a list: the shape of one entry, so that a list can be mended entry by entry. */
  readonly entry?: v.GenericSchema<unknown, unknown>;
  /** What shape says yes to, in words that follow "must be": type and range. */
  readonly form: string;
  /** The value where it is not written, in words; undefined: it must be written. */
  readonly default: string | undefined;
  /** What it is for, one sentence. */
  readonly what: string;
  /** Why a wrong value matters, one sentence. */
  readonly why: string;
  /** A value as TOML. */
  readonly example: string;
  /** The example can stand in a file as it is; what to mind about it then, or "". Undefined: it is an example only. */
  readonly remark?: string;
  /** Words that users of other programs write instead. */
  readonly synonyms?: readonly string[];
  /** Its value is never shown. */
  readonly secret?: true;
}

/** The keys of one table. */
export type Keys = Readonly<Record<string, Key>>;

/** What a table of such keys decodes to: a key that is missing or wrong is undefined. */
export type Draft<T extends Keys> = {
  readonly [Name in keyof T]?: v.InferOutput<T[Name]["shape"]>;
};

/** A name that logs, scripts and command lines can carry: letters, digits, and `_.-` after the first. */
export const NAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,62}$/u;

/** The tables at the root of the file. */
export const ROOT = {
  node: {
    shape: table(),
    form: "a table",
    default: "none",
    what: "What this one node says about itself.",
    why: "It is a table of its own.",
    example: '{ name = "pi-a" }',
  },
  nodes: {
    shape: table(),
    form: "a table of node names with their addresses",
    default: "none",
    what: "Every node that takes part, with its address; the same on all of them.",
    why: "Each node finds itself and its peers in it.",
    example: '{ pi-a = "192.168.1.11", pi-b = "192.168.1.12" }',
    synonyms: ["cluster", "members", "hosts"],
  },
  instance: {
    shape: table(),
    form: "tables with a name each, such as [instance.web]",
    default: undefined,
    what: "The floating addresses, and how nodes agree on the holder.",
    why: "The name stands in logs, status and commands.",
    example: "{}",
    synonyms: ["vrrp_instance", "vrrp", "router"],
  },
  group: {
    shape: table(),
    form: "tables with a name each, such as [group.gateway]",
    default: "none",
    what: "Instances that change state together.",
    why: "The name stands in logs and status.",
    example: "{}",
    synonyms: ["vrrp_sync_group", "sync_group"],
  },
  check: {
    shape: table(),
    form: "tables with a name each, such as [check.nginx]",
    default: "none",
    what: "Health checks: what must work on a node that holds an address.",
    why: "A node whose service fails would keep the address, without a message.",
    example: "{}",
    synonyms: ["vrrp_script", "vrrp_track_process"],
  },
  notify: {
    shape: table(),
    form: "a table",
    default: "none",
    what: "Commands and services for changes of every instance.",
    why: "The command or address named here would never be called.",
    example: "{}",
  },
  metrics: {
    shape: table(),
    form: "a table",
    default: "none: metrics are on the control socket only",
    what: "Where Prometheus may ask.",
    why: "It is a table of its own.",
    example: '{ listen = "127.0.0.1:9112" }',
    synonyms: ["prometheus", "exporter", "monitoring", "telemetry"],
  },
} as const satisfies Keys;

/** [node] */
export const NODE = {
  name: {
    shape: text(NAME_PATTERN),
    form: "a name of letters, digits and _ . - (63 at most)",
    default: "the node's entry in [nodes] that has one of its addresses, else the host name",
    what: "This node's name.",
    why: "Other nodes, the log and status call it by this name.",
    example: '"pi-a"',
    synonyms: ["id", "router_id", "hostname"],
  },
} as const satisfies Keys;

/** [group.NAME] */
export const GROUP = {
  instances: {
    shape: listOf(text(NAME_PATTERN)),
    entry: text(NAME_PATTERN),
    form: "a list of instance names",
    default: undefined,
    what: "The instances that change state together.",
    why: "A gateway whose inside and outside live on different nodes forwards nothing.",
    example: '["inside", "outside"]',
    synonyms: ["group", "members"],
  },
} as const satisfies Keys;
