/**
 * Documents of the control socket: the status, which scripts read too, and the answers to requests.
 */
import type { LocatedProblem } from "../config/problem.ts";

/** `GET /v1/status`. Times are RFC 3339 in UTC; a number carries its unit in its name. */
export interface StatusDocument {
  readonly schema: 1;
  readonly node: string;
  readonly version: string;
  readonly started: string;
  readonly config_file: string;
  /** Since when the configuration in force is in force: the start, or a reload. */
  readonly config_since: string;
  /** How the latest reload went; null: none since the start. */
  readonly last_reload: LastReload | null;
  /** This machine votes, and holds nothing; absent: it is a node. */
  readonly witness?: true;
  readonly instances: readonly InstanceStatus[];
  readonly nodes: readonly NodeStatus[];
  /**
   * How many nodes could hold each instance, by name: of both families the lower number. Null
   * without [cluster].
   */
  readonly ready: Readonly<Record<string, number>> | null;
  /** Commands and services of [notify], and how deliveries go. */
  readonly sinks: readonly SinkStatus[];
  /** Packets that fit no instance, by reason; only reasons that occurred. */
  readonly rejects: Readonly<Record<string, number>>;
  /**
   * Datagrams of the nodes' channel that were refused, by reason; only reasons that occurred.
   */
  readonly channel_refused: Readonly<Record<string, number>>;
  /** Whole sentences about what needs attention; empty when all is well. */
  readonly attention: readonly string[];
  /** Maintenance of this node; null: it is off. */
  readonly maintenance: MaintenanceStatus | null;
  /**
   * How the kernel runs this process, in the words of sched(7): "rr" with a priority is real time.
   */
  readonly scheduling: { readonly policy: string; readonly priority: number };
}

/** Maintenance that is in force. */
export interface MaintenanceStatus {
  readonly since: string;
  /** Null: until it is switched off. */
  readonly until: string | null;
  readonly reason: string | null;
}

/** What became of a reload. */
export interface LastReload {
  readonly at: string;
  /** False: the file was refused, and what was in force stayed in force. */
  readonly applied: boolean;
  /** How many problems the file has, warnings included. */
  readonly problems: number;
}

/** How an instance is doing, as far as a node can tell, from best to worst. */
export type Health =
  /** One node holds the addresses. */
  | "held"
  /**
   * Just started: listens before it claims, or does not know yet which machines have the addresses.
   */
  | "listening"
  /** This node cannot take part; another one is heard to hold the addresses, or may be. */
  | "fault"
  /** No node holds them. */
  | "nobody"
  /** Two machines hold them. */
  | "two";

/** The lease of an exclusive instance, as this node has it. */
export interface VotesStatus {
  /** Machines that stand by this node. */
  readonly have: number;
  readonly need: number;
  /** All that vote. */
  readonly of: readonly string[];
  /** Those whose votes for this node last; just after a restart not all. Absent with etcd. */
  readonly from?: readonly string[];
  /** For how long this node may hold the addresses unless they renew it; null: it may not. */
  readonly remaining_ms: number | null;
  /** The number of this change of holder; null: this node is not the holder. */
  readonly epoch: number | null;
  /** Why it was not given the lease, in words. */
  readonly refusals: readonly string[];
  /** How the machines that vote differ from those of this node's file, in words; null: not. */
  readonly voters: string | null;
}

/** One virtual router: an instance with IPv4 and IPv6 addresses has two entries. */
export interface InstanceStatus {
  readonly name: string;
  readonly state: "init" | "backup" | "master" | "fault";
  /** Computed at the moment of the document. */
  readonly health: Health;
  /** Sentences: why it is "two" or "nobody"; empty otherwise. */
  readonly evidence: readonly string[];
  /** The other holders where it is "two": names of nodes, or addresses. */
  readonly rivals: readonly string[];
  readonly vrid: number;
  readonly interface: string | null;
  readonly family: "ipv4" | "ipv6";
  readonly version: 2 | 3;
  readonly transport: "multicast" | "unicast" | "udp";
  /** The UDP port of adverts; null: they are IP protocol 112. */
  readonly port: number | null;
  readonly base_priority: number;
  readonly priority: number;
  readonly addresses: readonly string[];
  /** The holder of the addresses as far as this node knows; null: none was heard. */
  readonly master: MasterStatus | null;
  /** Where `master` is null, the latest holder that this node knew of; null: it knew none. */
  readonly last_holder: LastHolder | null;
  readonly since: string;
  /** Why the last transition happened, in words; of one that has not started, what it waits for. */
  readonly cause: string;
  /** Reasons in words why the instance cannot take part. */
  readonly faults: readonly string[];
  readonly checks: readonly CheckStatus[];
  readonly group: string | null;
  readonly source: string | null;
  readonly advert_interval_ms: number;
  /** The interval learnt from the master (v3). */
  readonly master_interval_ms: number;
  readonly master_down_ms: number;
  /** How long ago the master's last advert came; null: none came, or this node is the master. */
  readonly last_advert_age_ms: number | null;
  readonly checksum: "pseudo-header" | "rfc9568" | null;
  readonly peers: readonly PeerStatus[];
  readonly counters: InstanceCounters;
  /** Rejected packets by reason; only reasons that occurred. */
  readonly rejects: Readonly<Record<string, number>>;
  /** Other machines that use our VRID or hold our address now, in words; empty when none does. */
  readonly conflicts: readonly string[];
  /** Two masters: the other one, since when, in words; null: none is seen. */
  readonly conflict: ConflictStatus | null;
  /**
   * How long the kernel keeps the addresses without a renewal; null: not held, or without a limit.
   */
  readonly lease_remaining_ms: number | null;
  /**
   * What makes the addresses silent when this daemon dies: nf_tables, to the millisecond, or the
   * kernel, which counts whole seconds; null: nothing does.
   */
  readonly fence: "nftables" | "lifetime" | null;
  /** Of an exclusive instance: what this node has of its lease; null: it needs none. */
  readonly votes: VotesStatus | null;
  /** Handed over by hand: it does not preempt until then (null: until asked); null: it was not. */
  readonly aside: { readonly until: string | null } | null;
  /** So long it does not take over, because masters came and went; null: it does. */
  readonly held_down_ms: number | null;
  /**
   * Its master is known by its reports alone ([cluster]): adverts are lost on the way, and this
   * node stays backup.
   */
  readonly adverts_lost: boolean;
  /** How many nodes could hold it, as they say; null without [cluster]. */
  readonly ready: number | null;
}

/** Another machine is master too. */
export interface ConflictStatus {
  readonly address: string;
  readonly since: string;
  readonly words: string;
}

/** The holder of the addresses. */
export interface MasterStatus {
  /** Its name in [nodes], or its address. */
  readonly node: string;
  readonly address: string;
  readonly priority: number;
}

/** A node that held the addresses, and for all that is known may hold them still. */
export interface LastHolder {
  /** Its name in [nodes], or its address. */
  readonly node: string;
  /** How long ago that was known. */
  readonly ago_ms: number;
}

/** A configured peer, or another machine that was heard for this VRID. */
export interface PeerStatus {
  readonly node: string;
  readonly address: string;
  readonly configured: boolean;
  /** The priority of its last advert; null: never heard (backups are silent). */
  readonly priority: number | null;
  readonly last_heard_ms: number | null;
  readonly checksum: "pseudo-header" | "rfc9568" | null;
  /** Its adverts name other addresses than ours. */
  readonly other_addresses: boolean;
}

/** RFC 6527 names in snake case. */
export interface InstanceCounters {
  readonly master_transitions: number;
  readonly rcvd_advertisements: number;
  readonly sent_advertisements: number;
  readonly rcvd_pri_zero_packets: number;
  readonly sent_pri_zero_packets: number;
  /**
   * Not in RFC 6527: how often this backup came within one interval of taking over from a living
   * master.
   */
  readonly near_misses: number;
  /**
   * Not in RFC 6527: how often another machine came to use our VRID or hold our address; while one
   * does, once.
   */
  readonly conflicts: number;
}

/** `POST /v1/handover`: what became of it. */
export interface HandoverAnswer {
  readonly instance: string;
  /**
   * "kept": no node took over, this node is master still; "not-master": it is not; "refused": it
   * cannot be done; "gone": a fault came in between, and no master was heard yet.
   */
  readonly outcome: "handed-over" | "taken-back" | "kept" | "not-master" | "refused" | "gone";
  /** One sentence. */
  readonly words: string;
  /** One for each virtual router that was given away. */
  readonly routers: readonly HandedOver[];
}

/** One virtual router that was given away. */
export interface HandedOver {
  readonly family: "ipv4" | "ipv6";
  /** The node that has taken over; null: none was heard. */
  readonly master: MasterStatus | null;
  /** From the order until the addresses were gone here. */
  readonly took_ms: number;
  /** From the successor's first advert until the addresses were gone here; null: there was none. */
  readonly overlap_ms: number | null;
}

/** `POST /v1/maintenance`: what became of it. */
export interface MaintenanceAnswer {
  readonly outcome: "on" | "off" | "refused";
  /** One sentence. */
  readonly words: string;
  readonly maintenance: MaintenanceStatus | null;
  /** False: it could not be written down, and the next restart ends it, or brings it back. */
  readonly saved: boolean;
  readonly routers: readonly HandedOver[];
}

/** `POST /v1/restart`: the daemon is about to end, its addresses stay. */
export interface RestartAnswer {
  readonly restarting: boolean;
  /** One sentence. */
  readonly words: string;
}

/** A health check and its last result. */
export interface CheckStatus {
  readonly name: string;
  /** Null: its results have not decided yet. */
  readonly up: boolean | null;
  /** What the last attempt found: "200 in 3 ms". */
  readonly last: string;
  /** Of the last attempt; null: none yet. */
  readonly latency_ms: number | null;
  /** Null: down means fault. */
  readonly weight: number | null;
}

/** A command or service of [notify]. */
export interface SinkStatus {
  /** The key of [notify]: "webhook". */
  readonly name: string;
  /** The instance whose [notify] it is; null: the file's. */
  readonly instance: string | null;
  /** Waiting, the one under way included. */
  readonly pending: number;
  readonly delivered: number;
  /** Not told because a newer state of the same instance was to be told. */
  readonly collapsed: number;
  /** Given up after the last attempt. */
  readonly failed: number;
  /** The latest attempt; null: none yet. */
  readonly last: { readonly ok: boolean; readonly words: string; readonly at: string } | null;
}

/** `POST /v1/notify-test`: what became of one message through each sink. */
export interface NotifyTestAnswer {
  readonly results: readonly {
    readonly name: string;
    readonly instance: string | null;
    readonly ok: boolean;
    readonly words: string;
  }[];
}

/** A node, a witness, or a written peer that neither stands for: its name is its address. */
export interface NodeStatus {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly self: boolean;
  /** It is one of `witnesses`: it votes, and holds nothing; absent: it is not. */
  readonly witness?: true;
  /** Exclusive instances for which it votes for this node now; absent: nothing is voted on. */
  readonly votes_for?: readonly string[];
  /**
   * "lost": it was master, or answered, and is gone without a word; "left": it said that it leaves;
   * "unknown": what can be asked does not tell. Without [cluster] "maintenance" is known of this
   * node alone. "other-secret": it speaks, and is not believed.
   */
  readonly state:
    | "up"
    | "lost"
    | "left"
    | "maintenance"
    | "never-heard"
    | "not-running"
    | "other-secret"
    | "unknown";
  /** The same in a few words: "lost 5 s ago (was master, said no goodbye)". */
  readonly words: string;
  /** How long ago its last advert or report came; null: none came, or it is this node. */
  readonly heard_ms: number | null;
  /** A question to it and the answer, the last time; null: it was not measured. */
  readonly rtt_ms: number | null;
  /** The version of floatip that it says it runs; null: it told none. */
  readonly version: string | null;
  /** When it was started, by this node's calendar; null: not known. */
  readonly started: string | null;
  /** Its file beside this node's; null: that is not known. */
  readonly config: "same" | "differs" | null;
  /** The keys in which the files differ: "[check.nginx] interval". */
  readonly differs_in: readonly string[];
  /** Maintenance of that node, as it says; null: it is off, or that is not known. */
  readonly maintenance: MaintenanceStatus | null;
  /** Ids of the keys of [cluster] that it knows, the signing one first; absent: not known. */
  readonly keys?: readonly string[];
  /** What it says of each virtual router; empty while nothing that it said is fresh. */
  readonly instances: readonly NodeInstanceStatus[];
}

/** One virtual router as another node sees itself. */
export interface NodeInstanceStatus {
  readonly name: string;
  readonly family: "ipv4" | "ipv6";
  readonly state: "init" | "backup" | "master" | "fault";
  readonly priority: number;
  readonly base_priority: number;
  /** By this node's calendar. */
  readonly since: string;
  readonly cause: string;
  readonly faults: readonly string[];
  readonly checks: readonly NodeCheckStatus[];
  /** Which node it takes for the master; null: none. */
  readonly master: string | null;
  /** Where its adverts come from; null: nowhere yet. */
  readonly source: string | null;
  /** Does it have the floating addresses on its interface? */
  readonly holds_addresses: boolean;
  /** Null: it does not know. */
  readonly link_up: boolean | null;
  /** By a check that asks a default gateway; null: there is none. */
  readonly gateway_up: boolean | null;
  /** It stays backup: no advert of its master arrives there, and the master's reports do. */
  readonly adverts_lost: boolean;
  /** The node for which it stands aside after a handover to it by name; null: none. */
  readonly aside_for: string | null;
  /** How old this is. */
  readonly heard_ms: number;
}

/** A health check as another node sees it. */
export interface NodeCheckStatus {
  readonly name: string;
  readonly up: boolean | null;
  readonly last: string;
  /** Since when it is up or down, by this node's calendar; null: not known. */
  readonly since: string | null;
}

/** `POST /v1/reload`: 200 with `applied`, or 422 with the problems. */
export type ReloadAnswer =
  | {
    readonly applied: true;
    readonly changes: readonly string[];
    readonly warnings: readonly LocatedProblem[];
  }
  | { readonly applied: false; readonly problems: readonly LocatedProblem[] };
