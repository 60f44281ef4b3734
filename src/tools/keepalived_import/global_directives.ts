/**
 * Directives of global_defs and of the root that have no key in floatip, and their translations.
 */
import {
  type DirectiveRule,
  type DirectiveTable,
  MAIL,
  OTHER_GROUP,
  rule,
  SHARED_DIRECTIVES,
} from "./directives.ts";
import { carried, changed, needless, unsupported } from "./translation.ts";

const UNIT = rule(needless(
  "the systemd unit decides: CPUSchedulingPolicy=, CPUSchedulingPriority=, CPUAffinity=, Nice=",
));
const BUFFERS = rule(needless("floatip reads the whole network again when a buffer overflows"));
const FIREWALL = rule(
  needless("floatip adds no firewall rules: it has neither virtual MACs nor no_accept"),
);
const NAMES = rule(needless("there is one process, with the name floatip"));
const BALANCER = rule(needless("it is for the load balancer, which floatip does not have"));
const DUMPS = rule(needless("see `floatip status --json`"));
const PIPE = rule(unsupported(
  "floatip does not write to named pipes",
  "`command` of [notify] runs for every change, in order and with the same arguments",
));
const AGENT = rule(unsupported(
  "floatip supports neither SNMP nor D-Bus",
  "programs can read `floatip status --json`",
));
const SCRIPTS = rule(unsupported(
  "floatip runs no program at its start or end",
  "ExecStartPre= and ExecStopPost= in a drop-in of the systemd unit: systemctl edit floatip",
));
const WAIT = rule(
  unsupported(
    "floatip waits for one master-down interval after its start, not longer",
    "ExecStartPre=/bin/sleep SECONDS in a drop-in of the systemd unit: systemctl edit floatip",
  ),
  "0",
);
const STATIC = rule(unsupported(
  "floatip adds floating addresses only, no permanent ones",
  "put it into the network configuration of the machine (networkd, netplan, ifupdown)",
));

/** `names`: keywords, divided by white space. */
function eachIs(names: string, same: DirectiveRule): DirectiveTable {
  return Object.fromEntries(names.trim().split(/\s+/).map((name) => [name, same]));
}

/** Directives of global_defs, without those about mail. */
export const GLOBAL_DIRECTIVES: DirectiveTable = {
  ...Object.fromEntries(
    Object.entries(SHARED_DIRECTIVES).map(([name, said]) => [`vrrp_${name}`, said]),
  ),
  ...eachIs("smtp_alert smtp_alert_vrrp smtp_alert_checker", MAIL),
  vrrp_garp_interval: rule(changed("floatip sends its announcements in one go"), "0"),
  vrrp_gna_interval: rule(changed("floatip sends its announcements in one go"), "0"),
  vrrp_min_garp: rule(changed("floatip sends five announcements at once and five after 5 s")),
  vrrp_mcast_group4: rule(OTHER_GROUP, "224.0.0.18"),
  vrrp_mcast_group6: rule(OTHER_GROUP, "ff02::12"),
  enable_script_security: rule(
    carried(undefined, "floatip runs no program that other users than its owner can write"),
  ),
  dynamic_interfaces: rule(
    carried(undefined, "floatip waits for an interface that does not exist yet"),
  ),
  reload_check_config: rule(carried(undefined, "a reload with an invalid file changes nothing")),
  thread_timer_expired: rule(needless(
    "after a stall floatip listens before it sends, and logs how long the stall was",
  )),
  log_unknown_vrids: rule(needless("`floatip listen` shows all VRRP on the LAN")),
  vrrp_startup_delay: WAIT,
  vrrp_delay_after_boot: WAIT,
  ...eachIs("startup_script shutdown_script", SCRIPTS),
  ...eachIs(
    "startup_script_timeout shutdown_script_timeout",
    rule(needless("there is no such script")),
  ),
  ...eachIs(
    `
      notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script
    `,
    PIPE,
  ),
  ...eachIs(
    "vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload",
    rule(needless("it is for named pipes")),
  ),
  ...eachIs(
    `
      enable_snmp_vrrp enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3
      enable_snmp_keepalived enable_traps enable_dbus
    `,
    AGENT,
  ),
  ...eachIs(
    "snmp_socket dbus_service_name dbus_no_interface_name",
    rule(needless("it is for SNMP and D-Bus")),
  ),
  ...eachIs(
    `
      max_auto_priority min_auto_priority_delay vrrp_priority vrrp_rt_priority
      vrrp_rlimit_rttime vrrp_rlimit_rtime vrrp_cpu_affinity vrrp_no_swap bfd_priority
      bfd_rt_priority bfd_rlimit_rttime bfd_rlimit_rtime bfd_cpu_affinity bfd_no_swap
    `,
    UNIT,
  ),
  ...eachIs(
    `
      vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
      vrrp_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs
      process_monitor_rcv_bufs_force vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier
    `,
    BUFFERS,
  ),
  ...eachIs(
    `
      vrrp_iptables vrrp_ipsets nftables nftables_priority nftables_counters nftables_ifindex
      disable_local_igmp vmac_prefix vmac_addr_prefix
    `,
    FIREWALL,
  ),
  ...eachIs(
    `
      process_names process_name vrrp_process_name checker_process_name lvs_process_name
      bfd_process_name
    `,
    NAMES,
  ),
  ...eachIs(
    `
      lvs_sync_daemon lvs_timeouts lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_notify_fifo
      lvs_notify_fifo_script lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force
      lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force checker_log_all_failures
      checker_priority checker_rt_priority checker_rlimit_rttime checker_rlimit_rtime
      checker_cpu_affinity checker_no_swap enable_snmp_checker snmp_vs_stats_update_interval
      snmp_rs_stats_update_interval no_checker_emails rs_init_notifies nftables_ipvs
      nftables_ipvs_priority nftables_ipvs_start_fwmark
    `,
    BALANCER,
  ),
  ...eachIs(
    `
      data_use_instance state_file_location stats_file_location json_file_location json_version
      state_dump_file stats_dump_file json_dump_file config_save_dir tmp_config_directory
    `,
    DUMPS,
  ),
  ...eachIs(
    "reload_time_file reload_repeat reload_file",
    rule(needless(
      "`floatip reload` reads one file, at once",
      "a systemd timer can call `floatip reload`",
    )),
  ),
  ...eachIs(
    `
      use_symlink_paths set_supplementary_groups umask random_seed include_check
    `,
    rule(needless("floatip needs no such setting")),
  ),
  ...eachIs("iproute_usr_dir iproute_etc_dir", rule(needless("floatip adds no routes"))),
};

/** Blocks of the load balancer, which share one note. */
export const LVS_BLOCKS: ReadonlySet<string> = new Set([
  "virtual_server",
  "virtual_server_group",
  "SSL",
  "ssl",
]);

const LVS = rule(unsupported(
  "it is the load balancer (LVS), and floatip moves addresses only",
  "leave it in keepalived, in a file of its own, or put HAProxy or nginx behind the address",
));

/** Directives and blocks at the root of the file. */
export const ROOT_DIRECTIVES: DirectiveTable = {
  ...eachIs([...LVS_BLOCKS].join(" "), LVS),
  net_namespace: rule(unsupported(
    "floatip runs in the network namespace in which it is started",
    "NetworkNamespacePath=/run/netns/NAME in a drop-in of the systemd unit: systemctl edit floatip",
  )),
  ...eachIs("net_namespace_ipvs namespace_with_ipsets", BALANCER),
  ...eachIs(
    "instance use_pid_dir child_wait_time",
    rule(needless("floatip has one process and no pid files; --run-dir separates several")),
  ),
  ...eachIs(
    "linkbeat_use_polling linkbeat_interfaces",
    rule(needless("the kernel reports when a link goes down")),
  ),
  interface_up_down_delays: rule(unsupported(
    "floatip reacts at once when a link goes down or comes back",
    "with preempt_delay a node with an unstable link does not take the address back each time",
  )),
  ...eachIs("static_ipaddress static_routes static_rules track_group", STATIC),
  garp_group: rule(changed("floatip sends its announcements in one go")),
  bfd_instance: rule(unsupported(
    "floatip does not support BFD",
    `a check of the neighbour: ping = "ADDRESS", interval = "100ms"`,
  )),
};
