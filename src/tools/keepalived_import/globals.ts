/** The global_defs: defaults of all instances, and the name of the node. */
import { writeValue } from "../../config/toml_text.ts";
import { Block } from "./block.ts";
import { type ScriptUser, scriptUserIn } from "./commands.ts";
import { reportOthers } from "./directives.ts";
import { GLOBAL_DIRECTIVES } from "./global_directives.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { validName } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type ImportContext,
  needless,
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
  const blocks = root.filter((statement) => keywordOf(statement) === "global_defs");
  for (const block of blocks) context.report(block, carried(undefined));
  const defs = new Block(blocks.flatMap(({ block = [] }) => block), context);
  const mail = sendsMail(root, defs);
  for (const statement of defs.statements) {
    if (MAIL.includes(keywordOf(statement))) {
      reportAll(statement, mailSetting(mail), context.report);
    }
  }
  reportOthers(defs, [...OWN, ...MAIL], GLOBAL_DIRECTIVES);
  return {
    nodeName: nodeNameOf(defs),
    version: versionOf(defs),
    defaultInterface: defaultInterfaceOf(defs),
    strict: defs.read("vrrp_strict", false, () => [true, STRICT]),
    waitsForInterfaces: defs.has("dynamic_interfaces"),
    plainChecksum: plainChecksumOf(defs),
    runner: runnerOf(defs),
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
function sendsMail(root: readonly Statement[], defs: Block): boolean {
  const groups = root.filter((one) =>
    ["vrrp_instance", "vrrp_sync_group"].includes(keywordOf(one))
  );
  const alerts = [
    ...defs.all("smtp_alert"),
    ...defs.all("smtp_alert_vrrp"),
    ...groups.flatMap(({ block = [] }) => block.filter((one) => keywordOf(one) === "smtp_alert")),
  ];
  return alerts.some((alert) => switchIn(valueOf(alert)) !== false);
}

function nodeNameOf(defs: Block): string | undefined {
  return defs.read("router_id", undefined, (written) => {
    if (written === undefined) return [undefined, changed("it is empty")];
    const name = validName(written);
    const to = `node.name = ${writeValue(name)}`;
    return [
      name,
      name === written ? carried(to) : changed("a name has letters, digits, _ . -", to),
    ];
  });
}

function versionOf(defs: Block): 2 | 3 {
  return defs.read<2 | 3>("vrrp_version", 2, (value) => {
    const version = versionIn(value);
    return version === undefined
      ? [2, altered("it is neither 2 nor 3, and keepalived uses version 2", "version = 2")]
      : [version, carried(`version = ${version}, in every instance`)];
  });
}

/** A version of VRRP. */
export function versionIn(value: string | undefined): 2 | 3 | undefined {
  return value === "2" ? 2 : value === "3" ? 3 : undefined;
}

function defaultInterfaceOf(defs: Block): string {
  const translation = carried(undefined, "it is for addresses of instances without an interface");
  return defs.read("default_interface", "eth0", (name = "eth0") => [name, translation]);
}

/** v3_checksum_as_v2, in global_defs or an instance. */
export function plainChecksumOf(block: Block): boolean {
  return block.isOn("v3_checksum_as_v2", carried('checksum = "rfc9568"'));
}

const STRICT = changed(
  "keepalived would drop packets to an address that it does not own, floatip does not; " +
    "as in strict mode there is no password and no preempt_delay",
);

/** As keepalived: script_user, else the user keepalived_script if it exists, else root. */
function runnerOf(defs: Block): ScriptUser {
  const hasOwn = defs.context.environment.hasUser("keepalived_script");
  return scriptUserIn(defs, "script_user") ??
    { user: hasOwn ? "keepalived_script" : "root", group: undefined };
}
