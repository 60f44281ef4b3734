/** Our layouts are those of this machine's C compiler, by sizeof and offsetof. */
import assert from "node:assert/strict";
import * as abi from "../../../src/linux/abi.ts";
import * as constants from "../../../src/linux/constants.ts";
import * as errno from "../../../src/linux/errno.ts";
import type { Layout, Members } from "../../../src/wire/layout.ts";
import { run } from "../../support/lab/command.ts";
import { nameWith } from "../../support/lab/prerequisites.ts";

/** C's name of a member where it is not ours. */
type Names = Readonly<Record<string, string>>;

const STRUCTS: readonly (readonly [type: string, layout: Layout<Members>, names: Names])[] = [
  ["struct pollfd", abi.POLLFD, {}],
  ["struct timespec", abi.TIMESPEC, { sec: "tv_sec", nsec: "tv_nsec" }],
  ["struct itimerspec", abi.ITIMERSPEC, {
    intervalSec: "it_interval.tv_sec",
    intervalNsec: "it_interval.tv_nsec",
    valueSec: "it_value.tv_sec",
    valueNsec: "it_value.tv_nsec",
  }],
  ["struct timeval", abi.TIMEVAL, { sec: "tv_sec", usec: "tv_usec" }],
  ["struct sockaddr_in", abi.SOCKADDR_IN, {
    family: "sin_family",
    port: "sin_port",
    address: "sin_addr",
  }],
  ["struct sockaddr_in6", abi.SOCKADDR_IN6, {
    family: "sin6_family",
    port: "sin6_port",
    flowinfo: "sin6_flowinfo",
    address: "sin6_addr",
    scopeId: "sin6_scope_id",
  }],
  ["struct sockaddr_nl", abi.SOCKADDR_NL, {
    family: "nl_family",
    pid: "nl_pid",
    groups: "nl_groups",
  }],
  [
    "struct sockaddr_ll",
    abi.SOCKADDR_LL,
    prefixed("sll_", "family protocol ifindex hatype pkttype halen addr"),
  ],
  [
    "struct msghdr",
    abi.MSGHDR,
    prefixed("msg_", "name namelen iov iovlen control controllen flags"),
  ],
  ["struct iovec", abi.IOVEC, prefixed("iov_", "base len")],
  ["struct cmsghdr", abi.CMSGHDR, prefixed("cmsg_", "len level type")],
  ["struct ip_mreqn", abi.IP_MREQN, {
    group: "imr_multiaddr",
    address: "imr_address",
    ifindex: "imr_ifindex",
  }],
  ["struct ip_mreq", abi.IP_MREQ, { group: "imr_multiaddr", address: "imr_interface" }],
  ["struct in_pktinfo", abi.IN_PKTINFO, {
    ifindex: "ipi_ifindex",
    specDst: "ipi_spec_dst",
    addr: "ipi_addr",
  }],
  ["struct ipv6_mreq", abi.IPV6_MREQ, { group: "ipv6mr_multiaddr", ifindex: "ipv6mr_interface" }],
  ["struct in6_pktinfo", abi.IN6_PKTINFO, prefixed("ipi6_", "addr ifindex")],
  ["struct ucred", abi.UCRED, {}],
  ["struct sock_filter", abi.SOCK_FILTER, {}],
  ["struct sock_fprog", abi.SOCK_FPROG, {}],
  ["struct nlmsghdr", abi.NLMSGHDR, prefixed("nlmsg_", "len type flags seq pid")],
  ["struct nfgenmsg", abi.NFGENMSG, {
    family: "nfgen_family",
    version: "version",
    resourceId: "res_id",
  }],
  ["struct nlattr", abi.NLATTR, prefixed("nla_", "len type")],
  ["struct ifinfomsg", abi.IFINFOMSG, prefixed("ifi_", "family type index flags change")],
  ["struct ifaddrmsg", abi.IFADDRMSG, prefixed("ifa_", "family prefixlen flags scope index")],
  ["struct rtmsg", abi.RTMSG, {
    family: "rtm_family",
    destinationLength: "rtm_dst_len",
    sourceLength: "rtm_src_len",
    tos: "rtm_tos",
    table: "rtm_table",
    protocol: "rtm_protocol",
    scope: "rtm_scope",
    type: "rtm_type",
    flags: "rtm_flags",
  }],
  ["struct ifa_cacheinfo", abi.IFA_CACHEINFO_STRUCT, {
    preferred: "ifa_prefered",
    valid: "ifa_valid",
    created: "cstamp",
    updated: "tstamp",
  }],
];

const HEADERS = [
  ...["poll.h", "time.h", "sys/time.h", "sys/socket.h", "sys/epoll.h", "sys/eventfd.h"],
  "sys/timerfd.h",
  ...["netinet/in.h", "netpacket/packet.h", "net/ethernet.h", "net/if.h", "sys/uio.h", "errno.h"],
  ...["linux/netlink.h", "linux/rtnetlink.h", "linux/if_addr.h", "linux/if_link.h"],
  ...["linux/netfilter.h", "linux/netfilter/nfnetlink.h", "linux/netfilter/nf_tables.h"],
  ...["linux/filter.h", "linux/netconf.h", "fcntl.h", "sched.h", "netinet/icmp6.h", "linux/icmp.h"],
];

/** Enumerated by headers that exclude one another, or spelled by us alone. */
const UNCHECKED = new Set([
  "IPV4_DEVCONF_PROMOTE_SECONDARIES",
  "DEVCONF_FORWARDING",
  "DEVCONF_DISABLE_IPV6",
  "RTMGRP_IPV6_NETCONF",
  "INFINITY_LIFE_TIME",
  "IPV6_MULTICAST_ALL",
  "IFA_PROTO",
  // C has it as an int with the upper bits set.
  "NLA_TYPE_MASK",
]);

const noCompiler = await (async () => {
  const { code } = await run(["cc", "--version"]).catch(() => ({ code: 127 }));
  return code === 0 ? undefined : "needs a C compiler";
})();

Deno.test({
  ...nameWith("structures and constants are those of this machine's C headers", noCompiler),
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".c" });
    try {
      await Deno.writeTextFile(file, program());
      const built = await run(["cc", "-D_GNU_SOURCE", "-o", `${file}.out`, file]);
      assert.equal(built.code, 0, built.stderr);
      const { stdout } = await run([`${file}.out`]);
      assert.deepEqual(stdout.trim().split("\n"), expected().map(([, line]) => line));
    } finally {
      for (const path of [file, `${file}.out`]) await Deno.remove(path).catch(() => {});
    }
  },
});

/** What is to be printed, as a C expression, and the line that it should give. */
function expected(): readonly (readonly [expression: string, line: string])[] {
  const structs = STRUCTS.flatMap(([type, layout, names]) => [
    [`sizeof(${type})`, `sizeof(${type}) ${layout.size}`] as const,
    ...Object.entries(layout.members).filter(([, member]) => member.kind !== "pad").map(
      ([name, { offset }]) => {
        const expression = `offsetof(${type}, ${names[name] ?? name})`;
        return [expression, `${expression} ${offset}`] as const;
      },
    ),
  ]);
  const numbers = Object.entries<unknown>({ ...constants, ...errno }).flatMap(([name, value]) =>
    typeof value !== "number" || UNCHECKED.has(name) ? [] : [[name, `${name} ${value}`] as const]
  );
  return [...structs, ...numbers];
}

function program(): string {
  const lines = expected().map(([expression]) =>
    `printf("%s %lld\\n", "${expression}", (long long)(${expression}));`
  );
  return [
    // For what glibc shows of sched.h only then.
    "#define _GNU_SOURCE",
    ...["stdio.h", "stddef.h", ...HEADERS].map((header) => `#include <${header}>`),
    `int main(void) { ${lines.join("\n")} return 0; }`,
  ].join("\n");
}

function prefixed(prefix: string, names: string): Names {
  return Object.fromEntries(names.split(" ").map((name) => [name, `${prefix}${name}`]));
}
