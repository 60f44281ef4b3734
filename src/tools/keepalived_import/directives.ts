/** Directives of instances and sync groups that have no key in floatip, and their translations. */
import type { Block } from "./block.ts";
import { keywordOf, type Statement } from "./statement.ts";
import {
  carried,
  changed,
  needless,
  reportAll,
  switchIn,
  type Translation,
  unsupported,
  valueOf,
} from "./translation.ts";

/** The translation of one keyword. */
export interface DirectiveRule {
  readonly translation: Translation;
  /** Values with which floatip does the same. */
  readonly same: readonly string[];
}

/** The rules by keyword. */
export type DirectiveTable = Readonly<Record<string, DirectiveRule>>;

/** The rule for a keyword; undefined: none. */
function ruleFor(table: DirectiveTable, keyword: string): DirectiveRule | undefined {
  return Object.hasOwn(table, keyword) ? table[keyword] : undefined;
}

/**
 * The translation of `statement`: that of `rule`, unless its value asks for what floatip always
 * does.
 */
function translationOf(statement: Statement, rule: DirectiveRule): Translation {
  const value = valueOf(statement);
  if (value !== undefined && rule.same.includes(value)) {
    return carried(undefined, "floatip always does so");
  }
  if (value !== undefined && switchIn(value) === false) {
    return carried(undefined, "switched off, as in floatip");
  }
  return rule.translation;
}

/**
 * Reports all statements but those with a keyword of `own`: as `table` says, or as words that
 * keepalived does not know.
 */
export function reportOthers(
  { statements, context: { report, unknown } }: Block,
  own: readonly string[],
  table: DirectiveTable = {},
): void {
  const known = [...own, ...Object.keys(table)];
  for (const statement of statements) {
    const keyword = keywordOf(statement);
    if (own.includes(keyword)) continue;
    const rule = ruleFor(table, keyword);
    const translation = rule === undefined
      ? unknown(statement, known)
      : translationOf(statement, rule);
    reportAll(statement, translation, report);
  }
}

/** `verdict`, but carried where the first argument is one of `same`. */
export function rule(translation: Translation, ...same: readonly string[]): DirectiveRule {
  return { translation, same };
}

const BURST = "floatip sends five at once and five more after 5 s";
const LOSERS = changed("floatip answers an advert with a lower priority at once");
const THREE = unsupported(
  "floatip takes over after three missed adverts, nodes with another number earlier or later",
  "change advert_interval instead, on all nodes",
);
const ACCEPTED = needless("floatip compares the addresses of every advert; see address_mismatch");

const BALANCER = needless("it is for the load balancer, which floatip does not have");

/** Directives of an instance that global_defs has too, with the prefix vrrp_. */
export const SHARED_DIRECTIVES: DirectiveTable = {
  garp_master_delay: rule(changed(BURST), "5"),
  garp_master_repeat: rule(changed(BURST), "5"),
  garp_lower_prio_delay: rule(changed(BURST), "5"),
  garp_lower_prio_repeat: rule(changed(BURST), "5"),
  garp_master_refresh: rule(changed("floatip announces its addresses once a minute"), "60"),
  garp_master_refresh_repeat: rule(changed("floatip repeats one announcement a minute"), "1"),
  vmac_garp_intvl: rule(needless("there is no virtual MAC to announce")),
  garp_extra_if: rule(changed("floatip announces every address once a minute, on its interface")),
  down_timer_adverts: rule(THREE, "3"),
  lower_prio_no_advert: rule(LOSERS),
  higher_prio_send_advert: rule(
    needless("floatip sends nothing when it gives way; the new master announces itself"),
  ),
  owner_ignore_adverts: rule(needless("in floatip an owner answers a rival, and stays master")),
  skip_check_adv_addr: rule(ACCEPTED),
  check_unicast_src: anyway("adverts from other machines than the peers are rejected"),
};

/** smtp_alert, wherever it is. */
export const MAIL: DirectiveRule = rule(unsupported(
  "floatip sends no mail",
  "webhook, ntfy or command in [notify]; a command can call sendmail",
));

/** Directives of an instance. */
export const INSTANCE_DIRECTIVES: DirectiveTable = {
  ...SHARED_DIRECTIVES,
  smtp_alert: MAIL,
  no_virtual_ipaddress: anyway("the addresses decide whether there are any"),
  accept: anyway("the master accepts packets for the address"),
  no_accept: rule(unsupported(
    "a node that holds an address accepts packets for it",
    "drop unwanted packets with the firewall of the machine",
  )),
  use_vmac: rule(needless(
    "a new master sends gratuitous ARP and Neighbor Advertisements: no virtual MAC is needed",
  )),
  use_vmac_addr: rule(needless("there is no virtual MAC")),
  vmac_xmit_base: rule(needless("there is no virtual MAC: adverts leave through the interface")),
  use_ipvlan: rule(unsupported(
    "floatip adds addresses to the interface itself",
    "create the ipvlan interface in the network configuration, and use it as the interface",
  )),
  native_ipv6: rule(needless("the addresses decide the family")),
  debug: rule(needless("floatip run --log-level debug logs more")),
  kernel_rx_buf_size: rule(needless("floatip empties its sockets at once")),
  linkbeat_use_polling: rule(needless("the kernel reports when a link goes down")),
  promote_secondaries: anyway("the other addresses of a subnet stay when one is removed"),
  dont_track_primary: rule(unsupported(
    "an instance whose interface is down is always in fault",
    "nothing: a node that cannot be reached should not hold the address",
  )),
  timer_expired_backup: anyway("after a stall floatip listens before it sends"),
  track_src_ip: anyway("an instance without its source address is in fault"),
  unicast_fault_no_peer: anyway("unicast without peers is an error in the file"),
  unicast_ttl: rule(changed("floatip sends with a TTL of 255"), "255"),
  old_unicast_checksum: rule(
    unsupported("floatip sends current checksums", "update peers older than keepalived 1.3.7"),
    "never",
  ),
  mcast_dst_ip: rule(group(), "224.0.0.18", "ff02::12"),
  vrf: rule(unsupported("floatip does not support VRF", "use the interface inside the VRF")),
  auth_hmac: rule(unsupported(
    "floatip cannot sign adverts; peers that require it would reject them",
    "remove auth_hmac on all nodes, or keep keepalived for now",
  )),
  virtual_routes: rule(routes("route")),
  virtual_rules: rule(routes("rule")),
  track_bfd: rule(unsupported(
    "floatip does not support BFD",
    `add a check of the neighbour (ping = "ADDRESS", interval = "100ms") to checks`,
  )),
  notify_priority_changes: rule(needless("it is for named pipes only")),
  lvs_sync_daemon_interface: rule(BALANCER),
  // The spelling of keepalived 1, still in many files.
  lvs_sync_daemon_inteface: rule(BALANCER),
  notify_master_rx_lower_pri: rule(unsupported(
    "floatip answers a rival with a lower priority and announces its addresses; it runs no command",
    "`floatip events` and `floatip status` show rivals",
  )),
};

/** Directives of a sync group. */
export const GROUP_DIRECTIVES: DirectiveTable = {
  smtp_alert: MAIL,
  track_bfd: INSTANCE_DIRECTIVES["track_bfd"] ?? rule(needless("")),
  notify_priority_changes: rule(needless("it is for named pipes only")),
  global_tracking: rule(needless("keepalived itself has removed it")),
  sync_group_tracking_weight: rule(unsupported(
    "weights of single members could split a group between two nodes",
    "checks without a weight: down then means fault, for the whole group",
  )),
};

/** floatip always does so. */
function anyway(why: string): DirectiveRule {
  return rule(carried(undefined, why));
}

function group(): Translation {
  return unsupported(
    "floatip uses the multicast group of the RFC, 224.0.0.18 or ff02::12",
    "list the other nodes in peers: they then get adverts by unicast",
  );
}

/** Another multicast group than that of the RFC. */
export const OTHER_GROUP: Translation = group();

function routes(noun: string): Translation {
  return unsupported(
    `floatip moves addresses, not ${noun}s`,
    `commands: \`ip ${noun} add\` in on_master, \`ip ${noun} del\` in on_backup, on_fault, on_stop`,
  );
}
