/**
 * docs/reference/status-json.md, events.md and metrics.md, from the interfaces and tables of the
 * code.
 */
import { seconds } from "../../src/time.ts";
import { formatIp, ip } from "../../src/net/ip.ts";
import { formatCause } from "../../src/vrrp/cause_text.ts";
import type { Cause } from "../../src/vrrp/event.ts";
import { REFUSED } from "../../src/cluster/outcome.ts";
import { REJECT_REASONS } from "../../src/wire/reject.ts";
import { declarationsOf, printDeclarations } from "./fields.ts";
import { code, inline, item, page, wrap } from "./markdown.ts";

/** `api`: the text of src/control/api.ts. */
export function statusPage(api: string): string {
  return page("Status and answers as JSON", "`src/control/api.ts`", [
    wrap(
      "`floatip status --json` prints the StatusDocument, and so does `GET /v1/status` on the control socket. " +
        "The other documents are what commands print with `--json`. A later version may add fields.",
    ),
    ...printDeclarations(declarationsOf(api), [
      "StatusDocument",
      "InstanceStatus",
      "Health",
      "MasterStatus",
      "PeerStatus",
      "InstanceCounters",
      "ConflictStatus",
      "CheckStatus",
      "NodeStatus",
      "NodeInstanceStatus",
      "NodeCheckStatus",
      "SinkStatus",
      "MaintenanceStatus",
      "LastReload",
      "HandoverAnswer",
      "HandedOver",
      "MaintenanceAnswer",
      "RestartAnswer",
      "NotifyTestAnswer",
    ]),
  ]);
}

/** `record` and `line`: the texts of src/daemon/journal/record.ts and src/history/line.ts. */
export function eventsPage(record: string, line: string): string {
  const declared = [...declarationsOf(record), ...declarationsOf(line)];
  const reasons = Object.values(CAUSES).map((cause) =>
    item(`${code(cause.kind)}: ${inline(formatCause(cause, nameOf))}`)
  );
  return page(
    "Events",
    "`src/daemon/journal/record.ts`, `src/history/line.ts` and `src/vrrp/cause_text.ts`",
    [
      wrap(
        "`floatip events --json` prints one object per line, as the history file has it. `kind` is " +
          "`transition`, `near-miss`, `conflict`, `daemon` or `order`. A webhook, a command and MQTT get a TransitionRecord " +
          "without `kind`.",
      ),
      ...printDeclarations(declared, [
        "TransitionRecord",
        "NearMissEntry",
        "ConflictRecord",
        "DaemonEntry",
        "OrderEntry",
      ]),
      "## Reasons",
      wrap("`reason` of a transition, each with an example of its `cause`:"),
      reasons.join("\n"),
    ],
  );
}

const A = ip("192.168.1.11");
const B = ip("192.168.1.12");

function nameOf(address: typeof A): string {
  return `${formatIp(address) === formatIp(A) ? "pi-a" : "pi-b"} (${formatIp(address)})`;
}

/** "resumed" is no transition: the state goes on. */
type Reason = Exclude<Cause["kind"], "resumed">;

/** One cause of each kind. */
const CAUSES: { readonly [Kind in Reason]: Extract<Cause, { readonly kind: Kind }> } = {
  "start": { kind: "start" },
  "stop": { kind: "stop", successor: B },
  "owner": { kind: "owner" },
  "nobody-heard": { kind: "nobody-heard", listened: seconds(3.61) },
  "master-silent": { kind: "master-silent", master: A, silence: seconds(3.61) },
  "master-left": { kind: "master-left", master: A },
  "reports-ended": {
    kind: "reports-ended",
    master: A,
    silence: seconds(12.3),
    unreported: seconds(1.26),
  },
  "reported-gone": { kind: "reported-gone", master: A, says: "no-gateway" },
  "reported-master": { kind: "reported-master", master: A, priority: 200 },
  "preempted-master": { kind: "preempted-master", master: B, priority: 190 },
  "better-master": { kind: "better-master", master: A, priority: 200 },
  "tie-lost": { kind: "tie-lost", master: B, priority: 100 },
  "fault": { kind: "fault", faults: [{ kind: "no-carrier", message: "eth0 has no carrier" }] },
  "lease-ended": {
    kind: "lease-ended",
    words: "has 1 of 3 votes and needs 2; nas has just started and votes in 2.9 s",
  },
  "wished": { kind: "wished", successor: A },
  "faults-cleared": { kind: "faults-cleared" },
  "group": { kind: "group", member: "inside" },
  "reconfigured": { kind: "reconfigured", what: "interface was eth0" },
  "outranked": { kind: "outranked", priority: 150, by: ["pi-b"], reason: "check nginx is down" },
  "handover": { kind: "handover", successor: B },
  "maintenance": { kind: "maintenance", successor: B },
  "maintenance-over": { kind: "maintenance-over" },
  "stalled": { kind: "stalled", master: B, priority: 190, silence: seconds(5) },
};

/** `exposition`: one that has every metric. */
export function metricsPage(exposition: string): string {
  const metrics = metricsOf(exposition).map(({ name, type, help, labels }) => {
    const by = labels.length === 0 ? "" : `, by ${labels.map(code).join(", ")}`;
    return item(`${code(name)} (${type}${by}): ${inline(help)}`);
  });
  const reasons = Object.entries(REJECT_REASONS).map(([reason, text]) =>
    item(`${code(reason)}: ${inline(text)}`)
  );
  return page(
    "Metrics",
    "`src/control/metrics*.ts`, `src/wire/reject.ts` and `src/cluster/outcome.ts`",
    [
      wrap(
        "What `/metrics` answers, in the text format of Prometheus. [The guide](../guides/prometheus.md) " +
          "says how to scrape it.",
      ),
      metrics.join("\n"),
      "## Reasons of refused packets",
      wrap(
        "`reason` of `floatip_rejects_total`, and the names in `rejects` of the status document:",
      ),
      reasons.join("\n"),
      "## Reasons of refused datagrams of the channel",
      wrap(
        "`reason` of `floatip_channel_refused_total`, and the names in `channel_refused` of the " +
          "status document. On Linux the kernel keeps strangers away, uncounted:",
      ),
      Object.entries(REFUSED).map(([reason, text]) => item(`${code(reason)}: ${text}`)).join("\n"),
    ],
  );
}

interface MetricShown {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Names, in the order of the samples. */
  readonly labels: readonly string[];
}

function metricsOf(exposition: string): readonly MetricShown[] {
  const types = new Map(
    [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) =>
      [name, type] as const
    ),
  );
  return [...exposition.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = "", help = ""]) => {
    const samples = exposition.matchAll(
      new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, "gm"),
    );
    const labels = [...samples].flatMap(([, written = ""]) =>
      [...written.matchAll(/(\w+)="/g)].map(([, label = ""]) => label)
    );
    const type = types.get(name) ?? "";
    return { name, type, help, labels: [...new Set(labels)].filter((label) => label !== "le") };
  });
}
