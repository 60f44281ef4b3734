/** The global_defs: defaults of all instances, and the name of the node. */
import { writeValue } from "../../config/toml_text.ts";
import { type ScriptUser, scriptUserIn } from "./commands.ts";
import { reportOthers } from "./directives.ts";
import { GLOBAL_DIRECTIVES } from "./global_directives.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { validName } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  directivesOf,
  type ImportContext,
  type ImportEnvironment,
  lastOf,
  needless,
  type Report,
  reportAll,
  switchIn,
  type Translation,
  valueOf,
} from "./translation.ts";

/** The defaults of all instances. */
export interface Globals {
  /** node.name; undefined: none. */
  readonly nodeName: string | undefined;
  readonly version: 2 | 3;
  /** The interface of addresses whose instance has none. */
  readonly defaultInterface: string;
  readonly strict: boolean;
  /** keepalived starts without an interface that is named. */
  readonly waitsForInterfaces: boolean;
  /** VRRPv3 checksums over IPv4 without a pseudo-header. */
  readonly plainChecksum: boolean;
  readonly runner: ScriptUser;
  /** Whether keepalived sends mail. */
  readonly mail: boolean;
}

/** Reads all global_defs of the file. */
export function readGlobals(root: readonly Statement[], context: ImportContext): Globals {
  const { environment, report } = context;
  const blocks = root.filter((statement) => keywordOf(statement) === "global_defs");
  for (const block of blocks) report(block, carried(undefined));
  const inner = blocks.flatMap(({ block = [] }) => block);
  const directives = directivesOf(inner);
  const mail = sendsMail(root, directives);
  for (const statement of inner) {
    if (MAIL.includes(keywordOf(statement))) {
      reportAll(statement, mailSetting(mail), report);
    }
  }
  reportOthers(inner, [...OWN, ...MAIL], GLOBAL_DIRECTIVES, context);
  return {
    nodeName: nodeNameOf(directives, report),
    version: versionOf(directives, report),
    defaultInterface: defaultInterfaceOf(directives, report),
    strict: strictOf(directives, report),
    waitsForInterfaces: directives.has("dynamic_interfaces"),
    plainChecksum: plainChecksumOf(directives, report),
    runner: runnerOf(directives, environment, report),
    mail,
  };
}

const OWN: readonly string[] = [
  ...["router_id", "vrrp_version", "default_interface", "vrrp_strict", "script_user"],
  "v3_checksum_as_v2",
];

/** Directives that say how mail is sent. */
const MAIL: readonly string[] = [
  "notification_email",
  "notification_email_from",
  "smtp_server",
  "smtp_helo_name",
  "smtp_connect_timeout",
  "no_email_faults",
];

function mailSetting(mail: boolean): Translation {
  return needless(
    mail
      ? "it is about mail, and floatip sends none; see smtp_alert"
      : "keepalived sends no mail either: the file has no smtp_alert",
  );
}

/** Whether a smtp_alert is on. */
function sendsMail(root: readonly Statement[], globals: Directives): boolean {
  const groups = root.filter((one) =>
    ["vrrp_instance", "vrrp_sync_group"].includes(keywordOf(one))
  );
  const alerts = [
    ...globals.get("smtp_alert") ?? [],
    ...globals.get("smtp_alert_vrrp") ?? [],
    ...groups.flatMap(({ block = [] }) => directivesOf(block).get("smtp_alert") ?? []),
  ];
  return alerts.some((alert) => switchIn(valueOf(alert)) !== false);
}

function nodeNameOf(directives: Directives, report: Report): string | undefined {
  const statement = lastOf(directives, "router_id", report);
  const written = valueOf(statement);
  if (statement === undefined) return undefined;
  if (written === undefined) {
    report(statement, changed("it is empty"));
    return undefined;
  }
  const name = validName(written);
  const to = `node.name = ${writeValue(name)}`;
  const translation = name === written
    ? carried(to)
    : changed("a name has letters, digits, _ . -", to);
  report(statement, translation);
  return name;
}

function versionOf(directives: Directives, report: Report): 2 | 3 {
  const statement = lastOf(directives, "vrrp_version", report);
  const value = valueOf(statement);
  if (statement === undefined) return 2;
  const version = value === "2" ? 2 : value === "3" ? 3 : undefined;
  report(
    statement,
    version === undefined
      ? altered("it is neither 2 nor 3, and keepalived uses version 2", "version = 2")
      : carried(`version = ${version}, in every instance`),
  );
  return version ?? 2;
}

function defaultInterfaceOf(directives: Directives, report: Report): string {
  const statement = lastOf(directives, "default_interface", report);
  const name = valueOf(statement);
  if (statement !== undefined) {
    report(statement, carried(undefined, "it is for addresses of instances without an interface"));
  }
  return name ?? "eth0";
}

/** v3_checksum_as_v2, in global_defs or an instance. */
export function plainChecksumOf(directives: Directives, report: Report): boolean {
  const statement = lastOf(directives, "v3_checksum_as_v2", report);
  if (statement === undefined) return false;
  const on = switchIn(valueOf(statement)) !== false;
  report(statement, on ? carried('checksum = "rfc9568"') : carried(undefined, "switched off"));
  return on;
}

function strictOf(directives: Directives, report: Report): boolean {
  const statement = lastOf(directives, "vrrp_strict", report);
  if (statement === undefined) return false;
  report(
    statement,
    changed(
      "keepalived would drop packets to an address that it does not own, floatip does not; " +
        "as in strict mode there is no password and no preempt_delay",
    ),
  );
  return true;
}

/** As keepalived: script_user, else the user keepalived_script if it exists, else root. */
function runnerOf(
  directives: Directives,
  environment: ImportEnvironment,
  report: Report,
): ScriptUser {
  const statement = lastOf(directives, "script_user", report);
  const named = statement && scriptUserIn(statement, report);
  if (named !== undefined) return named;
  const fallback = environment.hasUser("keepalived_script") ? "keepalived_script" : "root";
  return { user: fallback, group: undefined };
}
