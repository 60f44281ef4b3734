/** The directives of keepalived.conf that people use, each alone in an otherwise smallest file. */

/** A directive, and where it stands. */
export interface Option {
  readonly title: string;
  /** Lines of global_defs. */
  readonly global?: string;
  /** Lines of the instance VI_1. */
  readonly instance?: string;
  /** Lines at the root, before the instance. */
  readonly root?: string;
  /** Lines at the root, behind the instance. */
  readonly behind?: string;
  /** Instead of eth0, 51 and 192.168.1.50/24. */
  readonly whole?: string;
}

const second = (vrid: number, ...more: readonly string[]) =>
  [
    "vrrp_instance VI_2 {",
    "  interface eth1",
    `  virtual_router_id ${vrid}`,
    "  virtual_ipaddress {",
    "    10.0.0.50/24",
    "  }",
    ...more.map((line) => `  ${line}`),
    "}",
  ].join("\n");

const GROUP = "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n";

const script = (...more: readonly string[]) =>
  ["vrrp_script chk {", '  script "/etc/keepalived/check.sh -v"', ...more, "}"].join("\n");

const tracked = "track_script {\n  chk\n}";

/** Directives of global_defs, one after the other. */
const GLOBALS: readonly (readonly [string, string])[] = [
  ["router_id", "router_id LVS_1"],
  ["router_id with blanks", 'router_id "my node"'],
  ["vrrp_version", "vrrp_version 3"],
  ["vrrp_version that is none", "vrrp_version 4"],
  ["v3_checksum_as_v2", "vrrp_version 3\nv3_checksum_as_v2"],
  ["vrrp_garp_master_*", "vrrp_garp_master_repeat 1\nvrrp_garp_master_delay 5"],
  ["vrrp_garp_lower_prio_*", "vrrp_garp_lower_prio_repeat 2\nvrrp_garp_lower_prio_delay 10"],
  ["vrrp_garp_master_refresh", "vrrp_garp_master_refresh 60\nvrrp_garp_master_refresh_repeat 2"],
  ["vrrp_garp_interval", "vrrp_garp_interval 0\nvrrp_gna_interval 0.001"],
  ["vrrp_min_garp", "vrrp_min_garp true"],
  ["vrrp_down_timer_adverts", "vrrp_down_timer_adverts 5"],
  ["vrrp_down_timer_adverts 3", "vrrp_down_timer_adverts 3"],
  ["vrrp_lower_prio_no_advert", "vrrp_lower_prio_no_advert true"],
  ["vrrp_higher_prio_send_advert off", "vrrp_higher_prio_send_advert off"],
  ["vrrp_check_unicast_src", "vrrp_check_unicast_src"],
  ["vrrp_skip_check_adv_addr", "vrrp_skip_check_adv_addr"],
  ["vrrp_startup_delay", "vrrp_startup_delay 5.5\nvrrp_delay_after_boot 60"],
  ["log_unknown_vrids", "log_unknown_vrids"],
  ["dynamic_interfaces", "dynamic_interfaces allow_if_changes"],
  ["vrrp_mcast_group4", "vrrp_mcast_group4 224.0.0.18\nvrrp_mcast_group6 ff02::13"],
  ["default_interface", "default_interface eth1"],
  ["script_user", "script_user nobody nogroup\nenable_script_security"],
  ["notify_fifo", "notify_fifo /run/fifo\nvrrp_notify_fifo_script /etc/keepalived/notify.sh"],
  ["startup_script", "startup_script /etc/keepalived/notify.sh\nstartup_script_timeout 10"],
  ["scheduling", "max_auto_priority 50\nvrrp_rt_priority 50\nvrrp_no_swap"],
  ["reload_check_config", "reload_check_config"],
  ["dumps", "json_version 2\ndata_use_instance"],
  ["SNMP", "enable_snmp_vrrp\nsnmp_socket udp:1.2.3.4:705"],
  ["DBus", "enable_dbus"],
  ["firewall", "vrrp_iptables\nnftables keepalived"],
  ["load balancer", "lvs_sync_daemon eth0 VI_1\nlvs_flush"],
  [
    "mail that nobody asks for",
    "notification_email {\n  admin@example.com\n}\nsmtp_server 127.0.0.1\nsmtp_connect_timeout 30",
  ],
  ["mail for all", "notification_email {\n  admin@example.com\n}\nsmtp_alert"],
  ["a word that is none", "router_idd LVS\nfoo {\n  bar\n}"],
];

/** Directives of an instance. */
const INSTANCES: readonly (readonly [string, string])[] = [
  ["state MASTER", "state MASTER\npriority 150"],
  ["state MASTER without a priority", "state MASTER"],
  ["state Master", "state Master"],
  ["priority 255, state BACKUP", "state BACKUP\npriority 255"],
  ["a priority that is none", "priority 300"],
  ["two priorities", "priority 10\npriority 20"],
  ["nopreempt", "state BACKUP\nnopreempt"],
  ["nopreempt with state MASTER", "state MASTER\npriority 100\nnopreempt"],
  ["preempt after nopreempt", "nopreempt\npreempt"],
  ["preempt_delay", "preempt_delay 12.5"],
  ["preempt_delay with nopreempt", "nopreempt\npreempt_delay 12"],
  ["preempt_delay that is none", "preempt_delay 2000"],
  ["advert_int", "advert_int 5"],
  ["advert_int that VRRPv2 rounds", "advert_int 0.3"],
  ["advert_int of VRRPv3", "version 3\nadvert_int 0.25"],
  ["advert_int that VRRPv3 rounds", "version 3\nadvert_int 0.015"],
  ["advert_int that is none", "advert_int soon"],
  ["authentication PASS", "authentication {\n  auth_type PASS\n  auth_pass s3cr3t12\n}"],
  ["a password over 8 bytes", "authentication {\n  auth_type PASS\n  auth_pass s3cr3t1234\n}"],
  ["a password with !", "authentication {\n  auth_type PASS\n  auth_pass s3cr3t!1\n}"],
  ["a password cut in a letter", "authentication {\n  auth_type PASS\n  auth_pass s3cr3t1ö\n}"],
  ["a password without its type", "authentication {\n  auth_pass s3cr3t12\n}"],
  ["authentication on one line", "authentication { auth_type PASS auth_pass s3cr3t12 }"],
  ["authentication AH", "authentication {\n  auth_type AH\n  auth_pass s3cr3t12\n}"],
  ["a password with VRRPv3", "version 3\nauthentication {\n  auth_type PASS\n  auth_pass abc\n}"],
  ["auth_hmac", "auth_hmac {\n  key 1 s3cr3ts3cr3ts3cr3ts3cr3ts3cr3t12\n  active_key 1\n}"],
  [
    "unicast",
    "unicast_src_ip 192.168.1.11\nunicast_peer {\n  192.168.1.12\n  192.168.1.13 min_ttl 254\n}",
  ],
  ["unicast to oneself", "unicast_src_ip 192.168.1.11\nunicast_peer {\n  192.168.1.11\n}"],
  ["two peers on a line", "unicast_peer {\n  192.168.1.12 192.168.1.13\n}"],
  ["unicast without peers", "unicast_src_ip 192.168.1.11\nunicast_peer {\n}"],
  ["unicast_ttl", "unicast_ttl 64\nunicast_fault_no_peer\ncheck_unicast_src\ntrack_src_ip"],
  ["mcast_src_ip", "mcast_src_ip 192.168.1.11\nmcast_dst_ip 224.0.0.19"],
  ["virtual_ipaddress_excluded", "virtual_ipaddress_excluded {\n  10.9.9.9\n  fd00::9/64\n}"],
  [
    "virtual_ipaddress_excluded twice",
    "virtual_ipaddress_excluded {\n  10.9.9.9\n  10.9.9.9/24\n  10.9.9.9 dev eth1\n}",
  ],
  ["no_virtual_ipaddress", "no_virtual_ipaddress"],
  ["virtual_routes", "virtual_routes {\n  default via 192.168.1.1\n}"],
  ["virtual_rules", "virtual_rules {\n  from 192.168.2.0/24 table 1\n}"],
  ["use_vmac", "use_vmac vrrp.51\nvmac_xmit_base\nuse_vmac_addr"],
  ["use_ipvlan", "use_ipvlan"],
  ["accept", "accept"],
  ["no_accept", "no_accept"],
  ["dont_track_primary", "dont_track_primary"],
  ["track_interface", "track_interface {\n  eth0\n  eth1\n  eth2 weight -20\n}"],
  ["track_interface reverse", "track_interface {\n  eth1 weight 20 reverse\n}"],
  ["garp in an instance", "garp_master_delay 1\ngarp_master_refresh 30\ngarp_extra_if all 100"],
  ["down_timer_adverts", "down_timer_adverts 4"],
  ["timer_expired_backup", "timer_expired_backup 50"],
  ["old_unicast_checksum", "old_unicast_checksum never"],
  ["promote_secondaries", "promote_secondaries"],
  ["vrf", "vrf blue"],
  ["notify", 'notify "/etc/keepalived/notify.sh arg"'],
  [
    "notify_master and the others",
    [
      'notify_master "/etc/keepalived/notify.sh up" nobody nogroup',
      'notify_backup "/etc/keepalived/notify.sh down" nobody',
      "notify_fault /etc/keepalived/notify.sh",
      'notify_stop "/etc/keepalived/notify.sh stop" nobody',
    ].join("\n"),
  ],
  ["notify_deleted", "notify_deleted\nnotify_master_rx_lower_pri /etc/keepalived/notify.sh"],
  ["notify of a program by its name", "notify true\nnotify_master nowhere"],
  ["smtp_alert", "smtp_alert"],
  ["smtp_alert off", "smtp_alert off"],
  ["strict_mode off", "strict_mode off"],
  ["a word that is none", "priorty 150"],
];

/** Addresses of the instance. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  ["options of an address", "192.168.1.50/24 dev eth0 label eth0:1 scope global brd 192.168.1.255"],
  ["an address elsewhere", "192.168.1.50/24 dev eth1"],
  ["a label of another interface", "192.168.1.50/24 label eth1:1"],
  [
    "rare options",
    "192.168.1.50/24 home -nodad mngtmpaddr noprefixroute autojoin no_track use_vmac",
  ],
  ["more rare options", "192.168.1.50/24 scope link peer 192.168.1.51 preferred_lft 0"],
  ["a netmask", "192.168.1.50/255.255.255.0"],
  ["no address", "web.example.org"],
  ["two on a line", "192.168.1.50 192.168.1.51"],
  ["with a comma", "192.168.1.50/24, 192.168.1.51/24"],
  ["twice", "192.168.1.50\n    192.168.1.50/24"],
  ["a network", "192.168.1.0/24\n    192.168.1.50"],
  ["IPv6", "fe80::50/64\n    2001:db8::50"],
  ["both families", "192.168.1.50\n    2001:db8::50"],
];

/** Scripts, processes, files and groups. */
const BLOCKS: readonly Option[] = [
  {
    title: "vrrp_script",
    root: script("  interval 5", "  timeout 3", "  fall 2", "  rise 4", "  weight -20"),
    instance: tracked,
  },
  { title: "vrrp_script without anything", root: script(), instance: tracked },
  {
    title: "vrrp_script with a user and odd numbers",
    root: script(
      ...["  user nobody nogroup", "  interval 0.5", "  timeout 10", "  fall 0", "  weight 300"],
      "  init_fail",
    ),
    instance: tracked,
  },
  {
    title: "weights of its own in an instance",
    root: script("  weight -20"),
    instance: "track_script {\n  chk weight -30\n}",
    behind: second(52, "track_script {", "  chk", "}"),
  },
  { title: "reverse", root: script("  weight 10 reverse"), instance: tracked },
  { title: "a script that nobody tracks", root: script() },
  { title: "a script that stands below", instance: tracked, behind: script() },
  { title: "a script that is nowhere", instance: "track_script {\n  chk_nginx\n}" },
  {
    title: "a script twice",
    root: `${script("  interval 3")}\n${script("  interval 7")}`,
    instance: "track_script {\n  chk\n  chk\n}",
  },
  ...[
    "killall -0 nginx",
    "/usr/bin/pidof haproxy",
    "pgrep -x named",
    "pgrep named",
    "</dev/tcp/127.0.0.1/80",
    "bash -c '</dev/tcp/10.0.0.5/443'",
    "nc -z -w 2 localhost 3306",
    "[ ! -f /etc/keepalived/down ]",
    "test -e /run/up",
    "/usr/bin/curl -sf http://localhost/health",
    "/bin/bash -c '[[ -f /etc/keepalived/down ]]' && exit 1 || exit 0",
    "curl -s http://localhost | grep ok",
    "/etc/keepalived/missing.sh",
    "scripts/check.sh",
    "/bin/sh -c 'unterminated",
  ].map((line): Option => ({
    title: `script "${line}"`,
    root: `vrrp_script chk {\n  script "${line}"\n}`,
    instance: tracked,
  })),
  {
    title: "a script without quotes",
    root: "vrrp_script chk {\n  script /etc/keepalived/check.sh -v\n}",
    instance: tracked,
  },
  {
    title: "vrrp_track_process",
    root: 'vrrp_track_process nginx {\n  process "/usr/sbin/nginx"\n  weight 10\n  delay 3\n}',
    instance: "track_process {\n  nginx\n}",
  },
  {
    title: "vrrp_track_process with a quorum",
    root: "vrrp_track_process nginx {\n  process nginx master\n  quorum 2\n  full_command\n}",
    instance: "track_process {\n  nginx weight -5\n}",
  },
  {
    title: "track_file",
    root: "track_file down {\n  file /run/down\n}",
    instance: "track_file {\n  down weight -30\n}",
  },
  {
    title: "vrrp_track_file of old, turned round, and with a first value",
    root:
      "vrrp_track_file down {\n  file /run/down\n  weight 5 reverse\n  init_file 1 overwrite\n}",
    instance: "track_file {\n  down\n}",
  },
  {
    title: "track_file without a weight",
    root: "track_file down {\n  file /run/down\n  weight 0\n  init_file\n}",
    instance: "track_file {\n  down\n}",
  },
  {
    title: "track_bfd",
    root: "bfd_instance R {\n  neighbor_ip 192.168.1.1\n}",
    instance: "track_bfd {\n  R\n}",
  },
  { title: "vrrp_sync_group", root: `${GROUP}}`, behind: second(52) },
  {
    title: "what a group tracks",
    root: `${script("  weight 0")}\n${GROUP}  track_script {\n    chk\n  }\n` +
      "  track_interface {\n    eth0\n    eth2 weight 20\n  }\n}",
    behind: second(52),
  },
  {
    title: "what members of a group track with a weight",
    root: `${script("  weight -20")}\n${GROUP}}`,
    instance: `${tracked}\ntrack_interface {\n  eth2 weight 10\n}`,
    behind: second(52),
  },
  {
    title: "whom a group tells",
    root:
      `${GROUP}  notify_master /etc/keepalived/notify.sh\n  notify /etc/keepalived/notify.sh\n}`,
    instance: "notify_master /etc/keepalived/check.sh",
    behind: second(52),
  },
  {
    title: "odd groups",
    root: "vrrp_sync_group A {\n  group {\n    VI_1\n    NOBODY\n  }\n" +
      "  sync_group_tracking_weight\n}\n" +
      "vrrp_sync_group B {\n  group {\n    VI_1\n  }\n}\nvrrp_sync_group C {\n  VI_1\n}",
  },
  {
    title: "an owner that tracks",
    root: script("  weight -20"),
    instance: `priority 255\n${tracked}\ntrack_interface {\n  eth1 weight 5\n}`,
  },
];

/** Everything at the root, and whole files. */
const ROOT: readonly Option[] = [
  { title: "virtual_server", root: balancer("10.0.0.1 80") + balancer("fwmark 1") },
  {
    title: "static addresses and routes",
    root: "static_ipaddress {\n  192.168.1.1/24 dev eth0\n}\nstatic_routes {\n  10.0.0.0/8 via " +
      "192.168.1.1\n}",
  },
  { title: "net_namespace", root: "net_namespace blue\nuse_pid_dir" },
  { title: "interface_up_down_delays", root: "interface_up_down_delays {\n  eth0 1 2\n}" },
  { title: "linkbeat", root: "linkbeat_use_polling\nlinkbeat_interfaces {\n  eth0 MII\n}" },
  { title: "garp_group", root: "garp_group {\n  garp_interval 0.01\n  interface eth0\n}" },
  { title: "a word that is none", root: "vrrp_instanc VI_9 {\n  interface eth9\n}" },
  { title: "the same instance twice", behind: second(52).replace("VI_2", "VI_1") },
  { title: "the same VRID twice", behind: second(51).replace("eth1", "eth0") },
  { title: "the same address twice", behind: second(52).replace("10.0.0.50", "192.168.1.50") },
  {
    title: "a name with blanks",
    whole:
      'vrrp_instance "VI 1" {\n  interface eth0\n  virtual_router_id 5\n  virtual_ipaddress {\n' +
      "    10.0.0.1\n  }\n}",
  },
  {
    title: "no VRID",
    whole: "vrrp_instance A {\n  interface eth0\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}",
  },
  {
    title: "no address",
    whole: "vrrp_instance A {\n  interface eth0\n  virtual_router_id 5\n}",
  },
  {
    title: "no interface",
    whole: "vrrp_instance A {\n  virtual_router_id 5\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}",
  },
  { title: "nothing", whole: "# nothing\n" },
  {
    title: "vrrp_strict",
    global: "vrrp_strict",
    instance:
      "state MASTER\npriority 100\npreempt_delay 5\nauthentication {\n  auth_type PASS\n  " +
      "auth_pass abc\n}",
  },
  {
    title: "lines for nodes",
    instance: "@pi-a priority 150\n@pi-b priority 100\n@^pi-a nopreempt",
  },
  { title: "lines for other nodes", instance: "@main priority 150\n@backup priority 100" },
  { title: "lines for none", instance: "@!pi-b priority 150" },
  { title: "an include of nothing", root: "include conf.d/*.conf\ninclude more.conf" },
];

function balancer(name: string): string {
  return [
    `virtual_server ${name} {`,
    "  lb_algo rr",
    "  real_server 10.0.0.2 80 {",
    "    TCP_CHECK {",
    "      connect_timeout 3",
    "    }",
    "  }",
    "}",
    "",
  ].join("\n");
}

/** All of them. */
export const OPTIONS: readonly Option[] = [
  ...GLOBALS.map(([title, global]) => ({ title: `global_defs: ${title}`, global })),
  ...INSTANCES.map(([title, instance]) => ({ title: `vrrp_instance: ${title}`, instance })),
  ...ADDRESSES.map(([title, address]) => ({
    title: `address: ${title}`,
    whole: `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n` +
      `  virtual_ipaddress {\n    ${address}\n  }\n}`,
  })),
  ...BLOCKS,
  ...ROOT,
];

/** The file that an option stands in. */
export function fileOf({ global, instance, root, behind, whole }: Option): string {
  if (whole !== undefined) return `${whole}\n`;
  const indented = (text: string) => text.split("\n").map((line) => `  ${line}`).join("\n");
  return [
    ...(global === undefined ? [] : [`global_defs {\n${indented(global)}\n}`]),
    ...(root === undefined ? [] : [root]),
    [
      "vrrp_instance VI_1 {",
      "  interface eth0",
      "  virtual_router_id 51",
      "  virtual_ipaddress {",
      "    192.168.1.50/24",
      "  }",
      ...(instance === undefined ? [] : [indented(instance)]),
      "}",
    ].join("\n"),
    ...(behind === undefined ? [] : [behind]),
    "",
  ].join("\n");
}
