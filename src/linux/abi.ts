/**
 * C structures of the kernel's interface, as they lie in memory: those that x86-64 and arm64 have
 * in common.
 */
import {
  be16,
  be32,
  bytes,
  layout,
  ne16,
  ne32,
  ne64,
  neS16,
  neS32,
  neS64,
  pad,
  u8,
} from "../wire/layout.ts";

/** poll(2). */
export const POLLFD = layout("struct pollfd", 8, {
  fd: neS32(0),
  events: neS16(4),
  revents: neS16(6),
});

/** clock_gettime(2). */
export const TIMESPEC = layout("struct timespec", 16, { sec: neS64(0), nsec: neS64(8) });

/** timerfd_settime(2). */
export const ITIMERSPEC = layout("struct itimerspec", 32, {
  intervalSec: neS64(0),
  intervalNsec: neS64(8),
  valueSec: neS64(16),
  valueNsec: neS64(24),
});

/** sched_setscheduler(2). */
export const SCHED_PARAM = layout("struct sched_param", 4, { priority: neS32(0) });

/** socket(7): SO_RCVTIMEO. */
export const TIMEVAL = layout("struct timeval", 16, { sec: neS64(0), usec: neS64(8) });

/** ip(7). */
export const SOCKADDR_IN = layout("struct sockaddr_in", 16, {
  family: ne16(0),
  port: be16(2),
  address: bytes(4, 4),
  zero: pad(8, 8),
});

/** ipv6(7). */
export const SOCKADDR_IN6 = layout("struct sockaddr_in6", 28, {
  family: ne16(0),
  port: be16(2),
  flowinfo: be32(4),
  address: bytes(8, 16),
  scopeId: ne32(24),
});

/** netlink(7). */
export const SOCKADDR_NL = layout("struct sockaddr_nl", 12, {
  family: ne16(0),
  zero: pad(2, 2),
  pid: ne32(4),
  groups: ne32(8),
});

/** packet(7). */
export const SOCKADDR_LL = layout("struct sockaddr_ll", 20, {
  family: ne16(0),
  protocol: be16(2),
  ifindex: neS32(4),
  hatype: ne16(8),
  pkttype: u8(10),
  halen: u8(11),
  addr: bytes(12, 8),
});

/** unix(7); an address is as long as its family and the path that is used of it. */
export const SOCKADDR_UN = layout("struct sockaddr_un", 110, {
  family: ne16(0),
  path: bytes(2, 108),
});

/** unix(7): which process is at the other end. */
export const UCRED = layout("struct ucred", 12, { pid: neS32(0), uid: ne32(4), gid: ne32(8) });

/** Room for any address that recvmsg(2) gives (struct sockaddr_storage). */
export const SOCKADDR_STORAGE_SIZE = 128;

/** recvmsg(2); addresses of memory are numbers. */
export const MSGHDR = layout("struct msghdr", 56, {
  name: ne64(0),
  namelen: ne32(8),
  afterNamelen: pad(12, 4),
  iov: ne64(16),
  iovlen: ne64(24),
  control: ne64(32),
  controllen: ne64(40),
  flags: neS32(48),
  afterFlags: pad(52, 4),
});

/** recvmmsg(2): a struct msghdr, which is written by itself, and how many bytes were received. */
export const MMSGHDR = layout("struct mmsghdr", 64, {
  header: pad(0, 56),
  len: ne32(56),
  afterLen: pad(60, 4),
});

/** readv(2). */
export const IOVEC = layout("struct iovec", 16, { base: ne64(0), len: ne64(8) });

/**
 * cmsg(3): the header of one ancillary message; data follows, the next one begins at a multiple of
 * 8.
 */
export const CMSGHDR = layout("struct cmsghdr", 16, {
  len: ne64(0),
  level: neS32(8),
  type: neS32(12),
});

/** ip(7): IP_ADD_MEMBERSHIP, IP_MULTICAST_IF. */
export const IP_MREQN = layout("struct ip_mreqn", 12, {
  group: bytes(0, 4),
  address: bytes(4, 4),
  ifindex: neS32(8),
});

/** ip(7): the older form, by a local address. */
export const IP_MREQ = layout("struct ip_mreq", 8, { group: bytes(0, 4), address: bytes(4, 4) });

/** ip(7): IP_PKTINFO. */
export const IN_PKTINFO = layout("struct in_pktinfo", 12, {
  ifindex: neS32(0),
  specDst: bytes(4, 4),
  addr: bytes(8, 4),
});

/** ipv6(7): IPV6_ADD_MEMBERSHIP. */
export const IPV6_MREQ = layout("struct ipv6_mreq", 20, {
  group: bytes(0, 16),
  ifindex: neS32(16),
});

/** ipv6(7): IPV6_PKTINFO. */
export const IN6_PKTINFO = layout("struct in6_pktinfo", 20, {
  addr: bytes(0, 16),
  ifindex: ne32(16),
});

/** linux/filter.h: one instruction of a classic packet filter. */
export const SOCK_FILTER = layout("struct sock_filter", 8, {
  code: ne16(0),
  jt: u8(2),
  jf: u8(3),
  k: ne32(4),
});

/** linux/filter.h: SO_ATTACH_FILTER. */
export const SOCK_FPROG = layout("struct sock_fprog", 16, {
  len: ne16(0),
  afterLen: pad(2, 6),
  filter: ne64(8),
});

/** netlink(7). */
export const NLMSGHDR = layout("struct nlmsghdr", 16, {
  len: ne32(0),
  type: ne16(4),
  flags: ne16(6),
  seq: ne32(8),
  pid: ne32(12),
});

/** netlink(7): struct nlmsgerr up to its copy of the request. */
export const NLMSGERR = layout("struct nlmsgerr", 4, { error: neS32(0) });

/** netlink(7): struct nlattr. */
export const NLATTR = layout("struct nlattr", 4, { len: ne16(0), type: ne16(2) });

/** rtnetlink(7). */
export const IFINFOMSG = layout("struct ifinfomsg", 16, {
  family: u8(0),
  zero: pad(1, 1),
  type: ne16(2),
  index: neS32(4),
  flags: ne32(8),
  change: ne32(12),
});

/** rtnetlink(7). */
export const IFADDRMSG = layout("struct ifaddrmsg", 8, {
  family: u8(0),
  prefixlen: u8(1),
  flags: u8(2),
  scope: u8(3),
  index: ne32(4),
});

/** rtnetlink(7). */
export const RTMSG = layout("struct rtmsg", 12, {
  family: u8(0),
  destinationLength: u8(1),
  sourceLength: u8(2),
  tos: u8(3),
  table: u8(4),
  protocol: u8(5),
  scope: u8(6),
  type: u8(7),
  flags: ne32(8),
});

/** rtnetlink(7): IFA_CACHEINFO; lifetimes in seconds, 0xffffffff: without end. */
export const IFA_CACHEINFO_STRUCT = layout("struct ifa_cacheinfo", 16, {
  preferred: ne32(0),
  valid: ne32(4),
  created: ne32(8),
  updated: ne32(12),
});

/** linux/netconf.h; padded to 4 bytes on the wire. */
export const NETCONFMSG = layout("struct netconfmsg", 4, { family: u8(0), padding: pad(1, 3) });

/** linux/netfilter/nfnetlink.h. */
export const NFGENMSG = layout("struct nfgenmsg", 4, {
  family: u8(0),
  version: u8(1),
  resourceId: be16(2),
});
