/** What does floatip say to the directives of global_defs, and at the root of the file, that have no key of their own? */
import {
  type DirectiveRule,
  type DirectiveTable,
  OTHER_GROUP,
  rule,
  SHARED_DIRECTIVES,
} from "./directives.ts";
import { carried, changed, needless, unsupported } from "./translation.ts";

const UNIT = rule(needless(
  "scheduling is the systemd unit's: CPUSchedulingPolicy=, CPUSchedulingPriority=, CPUAffinity= and Nice=",
));
const BUFFERS = rule(needless("floatip looks at the whole network anew when a buffer overflows"));
const FIREWALL = rule(
  needless("floatip adds no firewall rules: it has neither virtual MACs nor no_accept"),
);
const NAMES = rule(needless("there is one process, and it is called floatip"));
const LVS = rule(needless("it belongs to the load balancer, which floatip is not"));
const DUMPS = rule(needless("`floatip status --json` tells at any time"));
const PIPE = rule(unsupported(
  "floatip writes to no named pipe",
  "`command` of [notify] is called for every change, in order and with the same words",
));
const AGENT = rule(unsupported(
  "floatip speaks neither SNMP nor D-Bus",
  "`floatip status --json` tells programs the same",
));
const SCRIPTS = rule(unsupported(
  "floatip runs no program before or after itself",
  "ExecStartPre= and ExecStopPost= in a drop-in of the systemd unit: systemctl edit floatip",
));
const WAIT = rule(
  unsupported(
    "floatip waits for one master-down interval after a start, and no longer",
    "ExecStartPre=/bin/sleep SECONDS in a drop-in of the systemd unit: systemctl edit floatip",
  ),
  "0",
);
const STATIC = rule(unsupported(
  "floatip adds floating addresses only, none that stay",
  "put it where the machine's network is configured (networkd, netplan, ifupdown)",
));

function eachIs(names: readonly string[], same: DirectiveRule): DirectiveTable {
  return Object.fromEntries(names.map((name) => [name, same]));
}

/** Directives of global_defs; what mail is sent is answered elsewhere. */
export const GLOBAL_DIRECTIVES: DirectiveTable = {
  ...Object.fromEntries(
    Object.entries(SHARED_DIRECTIVES).map(([name, said]) => [`vrrp_${name}`, said]),
  ),
  vrrp_garp_interval: rule(changed("floatip sends its announcements in one go"), "0"),
  vrrp_gna_interval: rule(changed("floatip sends its announcements in one go"), "0"),
  vrrp_min_garp: rule(changed("floatip sends five announcements at once and five after 5 s")),
  vrrp_mcast_group4: rule(OTHER_GROUP, "224.0.0.18"),
  vrrp_mcast_group6: rule(OTHER_GROUP, "ff02::12"),
  enable_script_security: rule(
    carried(undefined, "no program is run that others than its owner may write to"),
  ),
  dynamic_interfaces: rule(
    carried(undefined, "an interface that is not there yet is waited for"),
  ),
  reload_check_config: rule(carried(undefined, "a reload with a wrong file changes nothing")),
  thread_timer_expired: rule(needless(
    "after a stall floatip listens before it speaks, and says in the log how long it was",
  )),
  log_unknown_vrids: rule(needless("`floatip listen` shows all VRRP on the LAN")),
  vrrp_startup_delay: WAIT,
  vrrp_delay_after_boot: WAIT,
  ...eachIs(["startup_script", "shutdown_script"], SCRIPTS),
  ...eachIs(
    ["startup_script_timeout", "shutdown_script_timeout"],
    rule(needless("there is no script for it")),
  ),
  ...eachIs([
    "notify_fifo",
    "notify_fifo_script",
    "vrrp_notify_fifo",
    "vrrp_notify_fifo_script",
  ], PIPE),
  ...eachIs(
    ["vrrp_notify_priority_changes", "fifo_write_vrrp_states_on_reload"],
    rule(needless("it is for named pipes only")),
  ),
  ...eachIs([
    "enable_snmp_vrrp",
    "enable_snmp_rfc",
    "enable_snmp_rfcv2",
    "enable_snmp_rfcv3",
    "enable_snmp_keepalived",
    "enable_traps",
    "enable_dbus",
  ], AGENT),
  ...eachIs(
    ["snmp_socket", "dbus_service_name", "dbus_no_interface_name"],
    rule(needless("it is for SNMP and D-Bus only")),
  ),
  ...eachIs([
    "max_auto_priority",
    "min_auto_priority_delay",
    "vrrp_priority",
    "vrrp_rt_priority",
    "vrrp_rlimit_rttime",
    "vrrp_rlimit_rtime",
    "vrrp_cpu_affinity",
    "vrrp_no_swap",
    "bfd_priority",
    "bfd_rt_priority",
    "bfd_rlimit_rttime",
    "bfd_rlimit_rtime",
    "bfd_cpu_affinity",
    "bfd_no_swap",
  ], UNIT),
  ...eachIs([
    "vrrp_netlink_cmd_rcv_bufs",
    "vrrp_netlink_cmd_rcv_bufs_force",
    "vrrp_netlink_monitor_rcv_bufs",
    "vrrp_netlink_monitor_rcv_bufs_force",
    "process_monitor_rcv_bufs",
    "process_monitor_rcv_bufs_force",
    "vrrp_rx_bufs_policy",
    "vrrp_rx_bufs_multiplier",
  ], BUFFERS),
  ...eachIs([
    "vrrp_iptables",
    "vrrp_ipsets",
    "nftables",
    "nftables_priority",
    "nftables_counters",
    "nftables_ifindex",
    "disable_local_igmp",
    "vmac_prefix",
    "vmac_addr_prefix",
  ], FIREWALL),
  ...eachIs([
    "process_names",
    "process_name",
    "vrrp_process_name",
    "checker_process_name",
    "lvs_process_name",
    "bfd_process_name",
  ], NAMES),
  ...eachIs([
    "lvs_sync_daemon",
    "lvs_timeouts",
    "lvs_flush",
    "lvs_flush_on_stop",
    "lvs_flush_onstop",
    "lvs_notify_fifo",
    "lvs_notify_fifo_script",
    "lvs_netlink_cmd_rcv_bufs",
    "lvs_netlink_cmd_rcv_bufs_force",
    "lvs_netlink_monitor_rcv_bufs",
    "lvs_netlink_monitor_rcv_bufs_force",
    "checker_log_all_failures",
    "checker_priority",
    "checker_rt_priority",
    "checker_rlimit_rttime",
    "checker_rlimit_rtime",
    "checker_cpu_affinity",
    "checker_no_swap",
    "enable_snmp_checker",
    "snmp_vs_stats_update_interval",
    "snmp_rs_stats_update_interval",
    "smtp_alert_checker",
    "no_checker_emails",
    "rs_init_notifies",
    "nftables_ipvs",
    "nftables_ipvs_priority",
    "nftables_ipvs_start_fwmark",
  ], LVS),
  ...eachIs([
    "data_use_instance",
    "state_file_location",
    "stats_file_location",
    "json_file_location",
    "json_version",
    "state_dump_file",
    "stats_dump_file",
    "json_dump_file",
    "config_save_dir",
    "tmp_config_directory",
  ], DUMPS),
  ...eachIs(
    ["reload_time_file", "reload_repeat", "reload_file"],
    rule(needless(
      "`floatip reload` reads one file and is over at once",
      "a systemd timer can call `floatip reload` at a time of your choice",
    )),
  ),
  ...eachIs(
    ["use_symlink_paths", "set_supplementary_groups", "umask", "random_seed", "include_check"],
    rule(needless("floatip needs no such setting")),
  ),
  ...eachIs(["iproute_usr_dir", "iproute_etc_dir"], rule(needless("floatip adds no routes"))),
};

/** Directives and blocks at the root of the file; those of the load balancer are answered elsewhere. */
export const ROOT_DIRECTIVES: DirectiveTable = {
  net_namespace: rule(unsupported(
    "floatip runs in the network namespace that it is started in",
    "NetworkNamespacePath=/run/netns/NAME in a drop-in of the systemd unit: systemctl edit floatip",
  )),
  ...eachIs(["net_namespace_ipvs", "namespace_with_ipsets"], LVS),
  ...eachIs(
    ["instance", "use_pid_dir", "child_wait_time"],
    rule(needless("there is one process without pid files; --run-dir keeps several apart")),
  ),
  ...eachIs(
    ["linkbeat_use_polling", "linkbeat_interfaces"],
    rule(needless("the kernel tells when a link goes down")),
  ),
  interface_up_down_delays: rule(unsupported(
    "floatip believes the kernel at once when a link goes down or comes back",
    "preempt_delay keeps a node whose link comes and goes from taking the address back each time",
  )),
  ...eachIs(["static_ipaddress", "static_routes", "static_rules", "track_group"], STATIC),
  garp_group: rule(changed("floatip sends its announcements in one go")),
  bfd_instance: rule(unsupported(
    "floatip speaks no BFD",
    `a check can ask the neighbour: ping = "ADDRESS", interval = "100ms"`,
  )),
};

/** Blocks of the load balancer, said once for all of them. */
export const LVS_BLOCKS: ReadonlySet<string> = new Set([
  "virtual_server",
  "virtual_server_group",
  "SSL",
  "ssl",
]);
