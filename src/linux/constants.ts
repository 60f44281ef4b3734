/** Numbers of the kernel in its own spelling, equal on x86-64 and arm64. */

/** socket(2): address families. */
export const AF_UNSPEC = 0,
  AF_UNIX = 1,
  AF_INET = 2,
  AF_INET6 = 10,
  AF_NETLINK = 16,
  AF_PACKET = 17;

/** socket(2): types and flags. */
export const SOCK_STREAM = 1,
  SOCK_DGRAM = 2,
  SOCK_RAW = 3,
  SOCK_NONBLOCK = 0o4000,
  SOCK_CLOEXEC = 0o2000000;

/** recv(2), send(2). */
export const MSG_CTRUNC = 0x8,
  MSG_TRUNC = 0x20,
  MSG_DONTWAIT = 0x40,
  MSG_NOSIGNAL = 0x4000;

/** poll(2). */
export const POLLIN = 0x1,
  POLLNVAL = 0x20;

/** epoll_create1(2), epoll_ctl(2). */
export const EPOLL_CLOEXEC = 0o2000000,
  EPOLL_CTL_ADD = 1,
  EPOLLIN = 0x1;

/** open(2). O_NOFOLLOW differs on arm64, and is in regular_file.ts. */
export const O_CLOEXEC = 0o2000000,
  O_PATH = 0o10000000;

/** eventfd(2), timerfd_create(2), clock_gettime(2). */
export const EFD_NONBLOCK = 0o4000,
  EFD_CLOEXEC = 0o2000000,
  TFD_NONBLOCK = 0o4000,
  TFD_CLOEXEC = 0o2000000,
  TFD_TIMER_ABSTIME = 1,
  CLOCK_MONOTONIC = 1,
  CLOCK_MONOTONIC_RAW = 4,
  CLOCK_BOOTTIME = 7;

/** sched(7). */
export const SCHED_OTHER = 0,
  SCHED_FIFO = 1,
  SCHED_RR = 2,
  SCHED_BATCH = 3,
  SCHED_IDLE = 5,
  SCHED_DEADLINE = 6,
  SCHED_RESET_ON_FORK = 0x40000000;

/** socket(7). */
export const SOL_SOCKET = 1,
  SO_RCVBUF = 8,
  SO_PEERCRED = 17,
  SO_RCVTIMEO = 20,
  SO_BINDTODEVICE = 25,
  SO_ATTACH_FILTER = 26,
  SO_RCVBUFFORCE = 33;

/** raw(7), linux/icmp.h; RFC 3542 3.2, linux/icmpv6.h. */
export const IPPROTO_ICMP = 1,
  IPPROTO_ICMPV6 = 58,
  IPPROTO_RAW = 255,
  SOL_RAW = 255,
  ICMP_FILTER = 1,
  ICMP6_FILTER = 1;

/** ip(7). */
export const IPPROTO_IP = 0,
  IP_TOS = 1,
  IP_TTL = 2,
  IP_HDRINCL = 3,
  IP_PKTINFO = 8,
  IP_RECVTTL = 12,
  IP_MULTICAST_IF = 32,
  IP_MULTICAST_LOOP = 34,
  IP_ADD_MEMBERSHIP = 35,
  IP_MULTICAST_ALL = 49;

/** ipv6(7), linux/in6.h. */
export const IPPROTO_IPV6 = 41,
  IPV6_HDRINCL = 36,
  IPV6_UNICAST_HOPS = 16,
  IPV6_MULTICAST_IF = 17,
  IPV6_MULTICAST_HOPS = 18,
  IPV6_MULTICAST_LOOP = 19,
  IPV6_ADD_MEMBERSHIP = 20,
  IPV6_V6ONLY = 26,
  IPV6_MULTICAST_ALL = 29,
  IPV6_RECVPKTINFO = 49,
  IPV6_PKTINFO = 50,
  IPV6_RECVHOPLIMIT = 51,
  IPV6_HOPLIMIT = 52,
  IPV6_TCLASS = 67,
  IPV6_AUTOFLOWLABEL = 70;

/** packet(7). */
export const ETH_P_ALL = 0x0003,
  ETH_P_IP = 0x0800,
  ETH_P_ARP = 0x0806,
  ETH_P_IPV6 = 0x86dd,
  ETH_P_802_EX1 = 0x88b5,
  PACKET_HOST = 0,
  PACKET_BROADCAST = 1,
  PACKET_MULTICAST = 2,
  PACKET_OTHERHOST = 3,
  PACKET_OUTGOING = 4;

/** netlink(7). */
export const NETLINK_ROUTE = 0,
  SOL_NETLINK = 270,
  NETLINK_NETFILTER = 12,
  NETLINK_CAP_ACK = 10,
  NETLINK_EXT_ACK = 11,
  NLM_F_REQUEST = 0x1,
  NLM_F_ACK = 0x4,
  NLM_F_DUMP_INTR = 0x10,
  NLM_F_CAPPED = 0x100,
  NLM_F_ACK_TLVS = 0x200,
  NLM_F_REPLACE = 0x100,
  NLM_F_EXCL = 0x200,
  NLM_F_CREATE = 0x400,
  NLM_F_APPEND = 0x800,
  NLM_F_DUMP = 0x300,
  NLMSG_ERROR = 2,
  NLMSG_DONE = 3,
  NLMSGERR_ATTR_MSG = 1,
  NLA_F_NESTED = 0x8000,
  NLA_TYPE_MASK = 0x3fff;

/** rtnetlink(7): messages and groups. */
export const RTM_NEWLINK = 16,
  RTM_DELLINK = 17,
  RTM_GETLINK = 18,
  RTM_SETLINK = 19,
  RTM_NEWADDR = 20,
  RTM_DELADDR = 21,
  RTM_GETADDR = 22,
  RTM_NEWROUTE = 24,
  RTM_DELROUTE = 25,
  RTM_GETROUTE = 26,
  RTM_NEWNETCONF = 80,
  RTMGRP_LINK = 0x1,
  RTMGRP_IPV4_IFADDR = 0x10,
  RTMGRP_IPV6_IFADDR = 0x100;
/** RTNLGRP_IPV6_NETCONF (25) as a bit of nl_groups. */
export const RTMGRP_IPV6_NETCONF = 0x1000000;

/** linux/if_link.h. */
export const IFLA_ADDRESS = 1,
  IFLA_IFNAME = 3,
  IFLA_MTU = 4,
  IFLA_MASTER = 10,
  IFLA_LINKINFO = 18,
  IFLA_AF_SPEC = 26,
  IFLA_EXT_MASK = 29,
  IFLA_CARRIER_UP_COUNT = 47,
  IFLA_INFO_KIND = 1,
  IFLA_INFO_DATA = 2,
  IFLA_BOND_ACTIVE_SLAVE = 2,
  IFLA_INET_CONF = 1,
  IFLA_INET6_CONF = 2,
  RTEXT_FILTER_SKIP_STATS = 8;

/** linux/ip.h, linux/ipv6.h, linux/netconf.h. */
export const IPV4_DEVCONF_PROMOTE_SECONDARIES = 20,
  DEVCONF_FORWARDING = 0,
  DEVCONF_DISABLE_IPV6 = 26,
  NETCONFA_IFINDEX = 1,
  NETCONFA_FORWARDING = 2;

/** netdevice(7). */
export const IFF_UP = 0x1,
  IFF_LOOPBACK = 0x8,
  IFF_RUNNING = 0x40,
  IFF_NOARP = 0x80,
  IFF_MULTICAST = 0x1000;

/** linux/if_addr.h. */
export const IFA_ADDRESS = 1,
  IFA_LOCAL = 2,
  IFA_LABEL = 3,
  IFA_BROADCAST = 4,
  IFA_CACHEINFO = 6,
  IFA_FLAGS = 8,
  IFA_PROTO = 11,
  IFA_F_SECONDARY = 0x01,
  IFA_F_NODAD = 0x02,
  IFA_F_DADFAILED = 0x08,
  IFA_F_DEPRECATED = 0x20,
  IFA_F_TENTATIVE = 0x40,
  IFA_F_NOPREFIXROUTE = 0x200,
  INFINITY_LIFE_TIME = 0xffffffff;

/** rtnetlink(7): attributes of routes. */
export const RTA_DST = 1,
  RTA_IIF = 3,
  RTA_OIF = 4,
  RTA_GATEWAY = 5,
  RTA_PRIORITY = 6,
  RTA_EXPIRES = 23;

/** rtnetlink(7): rtm_type of a route to an address of this machine, and rtm_table of them. */
export const RTN_LOCAL = 2, RT_TABLE_LOCAL = 255;

/** rtnetlink(7): rtm_scope. */
export const RT_SCOPE_UNIVERSE = 0,
  RT_SCOPE_HOST = 254;

/** linux/netfilter.h, linux/netfilter_netdev.h. */
export const NF_DROP = 0,
  NF_ACCEPT = 1,
  NFPROTO_UNSPEC = 0,
  NFPROTO_NETDEV = 5,
  NF_NETDEV_INGRESS = 0,
  NF_NETDEV_EGRESS = 1;

/** linux/netfilter/nfnetlink.h. */
export const NFNL_SUBSYS_NFTABLES = 10,
  NFNL_MSG_BATCH_BEGIN = 0x10,
  NFNL_MSG_BATCH_END = 0x11;

/** linux/netfilter/nf_tables.h: messages. */
export const NFT_MSG_NEWTABLE = 0,
  NFT_MSG_DELTABLE = 2,
  NFT_MSG_NEWCHAIN = 3,
  NFT_MSG_DELCHAIN = 5,
  NFT_MSG_NEWRULE = 6,
  NFT_MSG_DELRULE = 8,
  NFT_MSG_NEWSET = 9;

/** linux/netfilter/nf_tables.h: attributes of tables, chains and sets. */
export const NFTA_TABLE_NAME = 1,
  NFTA_CHAIN_TABLE = 1,
  NFTA_CHAIN_NAME = 3,
  NFTA_CHAIN_HOOK = 4,
  NFTA_CHAIN_POLICY = 5,
  NFTA_CHAIN_TYPE = 7,
  NFTA_HOOK_HOOKNUM = 1,
  NFTA_HOOK_PRIORITY = 2,
  NFTA_HOOK_DEV = 3,
  NFTA_SET_TABLE = 1,
  NFTA_SET_NAME = 2,
  NFTA_SET_FLAGS = 3,
  NFTA_SET_KEY_TYPE = 4,
  NFTA_SET_KEY_LEN = 5,
  NFTA_SET_DESC = 9,
  NFTA_SET_ID = 10,
  NFTA_SET_DESC_SIZE = 1,
  NFT_SET_TIMEOUT = 0x10,
  NFT_SET_EVAL = 0x20;

/** linux/netfilter/nf_tables.h: attributes of rules and their expressions. */
export const NFTA_RULE_TABLE = 1,
  NFTA_RULE_CHAIN = 2,
  NFTA_RULE_EXPRESSIONS = 4,
  NFTA_LIST_ELEM = 1,
  NFTA_EXPR_NAME = 1,
  NFTA_EXPR_DATA = 2,
  NFTA_DATA_VALUE = 1,
  NFTA_DATA_VERDICT = 2,
  NFTA_VERDICT_CODE = 1,
  NFTA_PAYLOAD_DREG = 1,
  NFTA_PAYLOAD_BASE = 2,
  NFTA_PAYLOAD_OFFSET = 3,
  NFTA_PAYLOAD_LEN = 4,
  NFTA_LOOKUP_SET = 1,
  NFTA_LOOKUP_SREG = 2,
  NFTA_LOOKUP_FLAGS = 5,
  NFTA_CMP_SREG = 1,
  NFTA_CMP_OP = 2,
  NFTA_CMP_DATA = 3,
  NFTA_IMMEDIATE_DREG = 1,
  NFTA_IMMEDIATE_DATA = 2,
  NFTA_META_DREG = 1,
  NFTA_META_KEY = 2,
  NFTA_DYNSET_SET_NAME = 1,
  NFTA_DYNSET_OP = 3,
  NFTA_DYNSET_SREG_KEY = 4,
  NFTA_DYNSET_TIMEOUT = 6;

/** linux/netfilter/nf_tables.h: registers, bases, operators, keys. */
export const NFT_REG_VERDICT = 0,
  NFT_REG_1 = 1,
  NFT_PAYLOAD_NETWORK_HEADER = 1,
  NFT_LOOKUP_F_INV = 1,
  NFT_CMP_EQ = 0,
  NFT_DYNSET_OP_UPDATE = 1,
  NFT_DYNSET_OP_DELETE = 2,
  NFT_META_PROTOCOL = 1;
