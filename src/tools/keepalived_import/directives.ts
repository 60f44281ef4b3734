/** What does floatip say to a directive that has no key of its own? A verdict for each, and values that change nothing. */
import type { Statement } from "./statement.ts";
import {
  carried,
  changed,
  needless,
  switchIn,
  type Translation,
  unsupported,
  valueOf,
} from "./translation.ts";

/** What floatip says to one keyword. */
export interface DirectiveRule {
  readonly translation: Translation;
  /** Values with which floatip does the same. */
  readonly same: readonly string[];
}

/** Keywords and their answers. */
export type DirectiveTable = Readonly<Record<string, DirectiveRule>>;

/** What `answers` say to a keyword; undefined: nothing. */
export function ruleFor(table: DirectiveTable, keyword: string): DirectiveRule | undefined {
  return Object.hasOwn(table, keyword) ? table[keyword] : undefined;
}

/** The verdict on `statement`: what `answer` says, unless its value asks for what floatip does anyway. */
export function translationOf(statement: Statement, rule: DirectiveRule): Translation {
  const value = valueOf(statement);
  if (value !== undefined && rule.same.includes(value)) {
    return carried(undefined, "floatip does so by itself");
  }
  if (value !== undefined && switchIn(value) === false) {
    return carried(undefined, "switched off, as in floatip");
  }
  return rule.translation;
}

/** Answers `verdict`, but carried where the first argument is one of `same`. */
export function rule(translation: Translation, ...same: readonly string[]): DirectiveRule {
  return { translation, same };
}

const BURST = "floatip sends five at once and five more after 5 s";
const LOSERS = changed("floatip answers whoever claims with a lower priority at once");
const THREE = unsupported(
  "floatip takes over after three missed adverts, always: nodes that count otherwise take over at another time",
  "choose advert_interval instead, the same on all nodes",
);
const ACCEPTED = needless(
  "floatip compares the addresses of every advert; address_mismatch says what follows",
);

const BALANCER = needless("it belongs to the load balancer, which floatip is not");

/** Directives that stand in global_defs with vrrp_ in front, and in an instance without. */
export const SHARED_DIRECTIVES: DirectiveTable = {
  garp_master_delay: rule(changed(BURST), "5"),
  garp_master_repeat: rule(changed(BURST), "5"),
  garp_lower_prio_delay: rule(changed(BURST), "5"),
  garp_lower_prio_repeat: rule(changed(BURST), "5"),
  garp_master_refresh: rule(changed("floatip announces its addresses once a minute"), "60"),
  garp_master_refresh_repeat: rule(changed("floatip repeats one announcement a minute"), "1"),
  vmac_garp_intvl: rule(needless("there is no virtual MAC to be announced")),
  garp_extra_if: rule(
    changed("floatip announces every address once a minute, on whichever interface it is"),
  ),
  down_timer_adverts: rule(THREE, "3"),
  lower_prio_no_advert: rule(LOSERS),
  higher_prio_send_advert: rule(
    needless("floatip gives way in silence, and the new master announces itself"),
  ),
  owner_ignore_adverts: rule(needless("an owner of floatip's answers a rival, and stays")),
  skip_check_adv_addr: rule(ACCEPTED),
  check_unicast_src: anyway("adverts from others than the peers are refused"),
};

/** Directives of an instance. */
export const INSTANCE_DIRECTIVES: DirectiveTable = {
  ...SHARED_DIRECTIVES,
  accept: anyway("whoever has the address answers at it"),
  no_accept: rule(unsupported(
    "a node that holds an address answers at it",
    "drop what is not to come in with the machine's firewall",
  )),
  use_vmac: rule(needless(
    "no virtual MAC is needed: a new master announces itself by gratuitous ARP and Neighbor Advertisements, and clients learn its MAC at once",
  )),
  use_vmac_addr: rule(needless("there is no virtual MAC")),
  vmac_xmit_base: rule(needless("there is no virtual MAC: adverts leave by the interface")),
  use_ipvlan: rule(unsupported(
    "floatip adds addresses to the interface itself",
    "make the ipvlan interface in the network configuration, and name it as the interface",
  )),
  native_ipv6: rule(needless("the addresses say which family it is")),
  debug: rule(needless("floatip run --log-level debug says more")),
  kernel_rx_buf_size: rule(needless("floatip reads its sockets at once")),
  linkbeat_use_polling: rule(needless("the kernel tells when a link goes down")),
  promote_secondaries: anyway("the other addresses of a subnet stay when one goes"),
  dont_track_primary: rule(unsupported(
    "an instance whose interface is down is in fault, always",
    "nothing: a node that cannot be reached there should not hold the address",
  )),
  timer_expired_backup: anyway("after a stall floatip listens before it speaks"),
  track_src_ip: anyway("an instance without its source address is in fault"),
  unicast_fault_no_peer: anyway("unicast without peers is an error of the file"),
  unicast_ttl: rule(changed("floatip sends with a TTL of 255"), "255"),
  old_unicast_checksum: rule(
    unsupported(
      "floatip sends the checksums of today",
      "bring peers from before keepalived 1.3.7 up to date",
    ),
    "never",
  ),
  mcast_dst_ip: rule(group(), "224.0.0.18", "ff02::12"),
  vrf: rule(unsupported(
    "floatip knows no VRF",
    "name the interface inside the VRF",
  )),
  auth_hmac: rule(unsupported(
    "floatip does not sign adverts in this version; peers that demand it would not hear it",
    "remove auth_hmac on all nodes, or leave this cluster with keepalived for now",
  )),
  virtual_routes: rule(routes("route")),
  virtual_rules: rule(routes("rule")),
  track_bfd: rule(unsupported(
    "floatip speaks no BFD",
    `write a check that asks the neighbour: ping = "ADDRESS", interval = "100ms", and name it in checks`,
  )),
  notify_priority_changes: rule(needless("it is for named pipes only")),
  lvs_sync_daemon_interface: rule(BALANCER),
  // As keepalived 1 spelt it, and many files still do.
  lvs_sync_daemon_inteface: rule(BALANCER),
  notify_master_rx_lower_pri: rule(unsupported(
    "a rival with a lower priority is answered and the addresses are announced anew; no command is run",
    "`floatip events` and status tell of rivals",
  )),
};

/** Directives of a sync group. */
export const GROUP_DIRECTIVES: DirectiveTable = {
  track_bfd: INSTANCE_DIRECTIVES["track_bfd"] ?? rule(needless("")),
  notify_priority_changes: rule(needless("it is for named pipes only")),
  global_tracking: rule(needless("keepalived itself has given it up")),
  sync_group_tracking_weight: rule(unsupported(
    "weights of single members would draw a group to two nodes at once",
    "checks without a weight: down then means fault, for the whole group",
  )),
};

/** floatip does so whatever the file says. */
function anyway(why: string): DirectiveRule {
  return rule(carried(undefined, why));
}

function group(): Translation {
  return unsupported(
    "floatip sends to the group of the RFC, 224.0.0.18 or ff02::12",
    "name the other nodes in peers: adverts then go to each by unicast",
  );
}

/** The answer to another multicast group. */
export const OTHER_GROUP: Translation = group();

function routes(noun: string): Translation {
  return unsupported(
    `floatip moves addresses, no ${noun}s`,
    `let commands do it: \`ip ${noun} add\` in one that on_master names, \`ip ${noun} del\` in one for on_backup, on_fault and on_stop`,
  );
}
