/** What do the global_defs say? The defaults of all instances, and the node's name. */
import { writeValue } from "../../config/toml_text.ts";
import { answerTo, verdictOf } from "./directives.ts";
import { GLOBAL_ANSWERS } from "./global_directives.ts";
import { soundName } from "./checks.ts";
import type { Context, Surroundings } from "./context.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { type Runner, runnerIn } from "./runner.ts";
import { type Bag, bagOf, lastOf, switchIn, valueOf } from "./values.ts";
import {
  altered,
  carried,
  changed,
  type Judge,
  judgeAll,
  needless,
  unsupported,
  type Verdict,
} from "./translation.ts";

/** What holds for every instance that does not say otherwise. */
export interface Globals {
  /** node.name; undefined: not said. */
  readonly nodeName: string | undefined;
  readonly version: 2 | 3;
  /** Where addresses go whose instance has no interface. */
  readonly defaultInterface: string;
  readonly strict: boolean;
  /** VRRPv3 checksums over IPv4 without a pseudo-header. */
  readonly plainChecksum: boolean;
  readonly runner: Runner;
  /** Does anything in the file have keepalived send mail? */
  readonly mail: boolean;
}

/** Reads all global_defs of the file, and judges what stands in them. */
export function readGlobals(root: readonly Statement[], context: Context): Globals {
  const { around, judge } = context;
  const blocks = root.filter((statement) => keywordOf(statement) === "global_defs");
  for (const block of blocks) judge(block, carried(undefined));
  const inner = blocks.flatMap(({ block = [] }) => block);
  const bag = bagOf(inner);
  const mail = sendsMail(root, bag);
  for (const statement of inner) judgeOther(statement, mail, context);
  return {
    nodeName: nodeNameOf(bag, judge),
    version: versionOf(bag, judge),
    defaultInterface: defaultInterfaceOf(bag, judge),
    strict: strictOf(bag, judge),
    plainChecksum: plainChecksumOf(bag, judge),
    runner: runnerOf(bag, around, judge),
    mail,
  };
}

const OWN: ReadonlySet<string> = new Set([
  ...["router_id", "vrrp_version", "default_interface", "vrrp_strict", "script_user"],
  "v3_checksum_as_v2",
]);

/** Directives that say how mail is sent. */
const MAIL: ReadonlySet<string> = new Set([
  "notification_email",
  "notification_email_from",
  "smtp_server",
  "smtp_helo_name",
  "smtp_connect_timeout",
  "no_email_faults",
  "smtp_alert",
  "smtp_alert_vrrp",
]);

const KNOWN: readonly string[] = [...OWN, ...MAIL, ...Object.keys(GLOBAL_ANSWERS)];

function judgeOther(statement: Statement, mail: boolean, context: Context): void {
  const keyword = keywordOf(statement);
  if (OWN.has(keyword)) return;
  const known = answerTo(GLOBAL_ANSWERS, keyword);
  const verdict = keyword.startsWith("smtp_alert")
    ? mailVerdict(statement)
    : MAIL.has(keyword)
    ? addresses(mail)
    : known === undefined
    ? context.unknown(statement, KNOWN)
    : verdictOf(statement, known);
  judgeAll(statement, verdict, context.judge);
}

function addresses(mail: boolean): Verdict {
  return mail
    ? needless("it says how mail is sent, and floatip sends none; see smtp_alert")
    : needless("keepalived sends no mail either: nothing in the file says smtp_alert");
}

/** What is said about smtp_alert, wherever it stands. */
export function mailVerdict(statement: Statement): Verdict {
  if (switchIn(valueOf(statement)) === false) return carried(undefined, "switched off");
  return unsupported(
    "floatip sends no mail",
    "webhook, ntfy or command in [notify]; a command can call sendmail",
  );
}

/** Is there an smtp_alert that is on? */
function sendsMail(root: readonly Statement[], globals: Bag): boolean {
  const groups = root.filter((one) =>
    ["vrrp_instance", "vrrp_sync_group"].includes(keywordOf(one))
  );
  const alerts = [
    ...globals.get("smtp_alert") ?? [],
    ...globals.get("smtp_alert_vrrp") ?? [],
    ...groups.flatMap(({ block = [] }) => bagOf(block).get("smtp_alert") ?? []),
  ];
  return alerts.some((alert) => switchIn(valueOf(alert)) !== false);
}

function nodeNameOf(bag: Bag, judge: Judge): string | undefined {
  const statement = lastOf(bag, "router_id", judge);
  const written = valueOf(statement);
  if (statement === undefined) return undefined;
  if (written === undefined) {
    judge(statement, changed("it names nothing"));
    return undefined;
  }
  const name = soundName(written);
  const to = `node.name = ${writeValue(name)}`;
  const verdict = name === written ? carried(to) : changed("a name has letters, digits, _ . -", to);
  judge(statement, verdict);
  return name;
}

function versionOf(bag: Bag, judge: Judge): 2 | 3 {
  const statement = lastOf(bag, "vrrp_version", judge);
  const value = valueOf(statement);
  if (statement === undefined) return 2;
  const version = value === "2" ? 2 : value === "3" ? 3 : undefined;
  judge(
    statement,
    version === undefined
      ? altered("it is neither 2 nor 3, and keepalived speaks version 2", "version = 2")
      : carried(`version = ${version}, in every instance`),
  );
  return version ?? 2;
}

function defaultInterfaceOf(bag: Bag, judge: Judge): string {
  const statement = lastOf(bag, "default_interface", judge);
  const name = valueOf(statement);
  if (statement !== undefined) {
    judge(statement, carried(undefined, "it is for addresses of instances without an interface"));
  }
  return name ?? "eth0";
}

/** v3_checksum_as_v2, in global_defs or an instance. */
export function plainChecksumOf(bag: Bag, judge: Judge): boolean {
  const statement = lastOf(bag, "v3_checksum_as_v2", judge);
  if (statement === undefined) return false;
  const on = switchIn(valueOf(statement)) !== false;
  judge(statement, on ? carried('checksum = "rfc9568"') : carried(undefined, "switched off"));
  return on;
}

function strictOf(bag: Bag, judge: Judge): boolean {
  const statement = lastOf(bag, "vrrp_strict", judge);
  if (statement === undefined) return false;
  judge(
    statement,
    changed(
      "the harm is left out: keepalived drops what is sent to an address that it does not own; " +
        "as in keepalived's strict mode there is no password and no preempt_delay",
    ),
  );
  return true;
}

/** keepalived's choice: script_user, else the user keepalived_script where there is one, else root. */
function runnerOf(bag: Bag, around: Surroundings, judge: Judge): Runner {
  const statement = lastOf(bag, "script_user", judge);
  const named = statement && runnerIn(statement, judge);
  if (named !== undefined) return named;
  const fallback = around.hasUser("keepalived_script") ? "keepalived_script" : "root";
  return { user: fallback, group: undefined };
}
