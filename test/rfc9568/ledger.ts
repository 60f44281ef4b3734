/**
 * The MUST and SHOULD of RFC 9568 sections 5 to 8: the test that holds each, or why none applies.
 */

/** Where a claim is proven, or why there is nothing to prove. */
export type Proof =
  /** The name of a test, in a file of this folder unless `file` (from test/) says otherwise. */
  | { readonly test: string; readonly file?: string }
  | { readonly why: string };

/** One requirement, in our own words. */
export interface Requirement {
  readonly section: string;
  readonly level: "MUST" | "MUST NOT" | "SHOULD" | "SHOULD NOT" | "MAY";
  /**
   * RFC 9568 calls the master "Active". Where a verified erratum changed the text, it is the
   * changed text.
   */
  readonly claim: string;
  readonly proof: Proof;
}

const VIRTUAL_MAC = "floatip uses the interface's own MAC address and tells the neighbours; " +
  "there is no virtual MAC";
const ROUTER = "floatip holds service addresses; it is no router for the LAN's hosts";
const KERNEL_ANSWERS = "the kernel answers for the addresses that it has, and for no others; " +
  "floatip gives it the address and takes it away";
const ONE_VERSION = "an instance speaks one version; there is no mixed mode";
const PACKETS = "contract/packets.ts";

type Row = readonly [Requirement["section"], Requirement["level"], string, Proof];

const SECTION_5: readonly Row[] = [
  ["5.1.1.1", "MUST", "IPv4 source is the primary address of the interface", {
    test: "RFC 9568 5.1.1.1: the source is the interface's primary IPv4 address",
  }],
  ["5.1.1.2", "MUST NOT", "a router forwards packets to 224.0.0.18", {
    why: "the kernel forwards; it never forwards 224.0.0.0/24",
  }],
  ["5.1.1.3", "MUST", "IPv4 TTL is 255 on sending", {
    test: "an IPv4 multicast datagram arrives whole",
    file: PACKETS,
  }],
  ["5.1.1.3", "MUST", "IPv4 packets of another TTL are discarded", {
    test: "RFC 9568 5.1.1.3: an IPv4 packet that came through a router is discarded",
  }],
  ["5.1.1.4", "MUST", "the IPv4 protocol number is 112", {
    test: "RFC 9568 5.1.1.4: the protocol is 112",
  }],
  ["5.1.2.1", "MUST", "IPv6 source is the link-local address of the interface", {
    test: "RFC 9568 5.1.2.1: the source is the interface's link-local address",
  }],
  ["5.1.2.2", "MUST NOT", "a router forwards packets to ff02::12", {
    why: "the kernel forwards; it never forwards link-local scope",
  }],
  ["5.1.2.3", "MUST", "IPv6 hop limit is 255 on sending", {
    test: "an IPv6 multicast datagram arrives whole",
    file: PACKETS,
  }],
  ["5.1.2.3", "MUST", "IPv6 packets of another hop limit are discarded", {
    test: "RFC 9568 5.1.2.3: an IPv6 packet that came through a router is discarded",
  }],
  ["5.2.1", "MUST", "the version is 3", { test: "RFC 9568 5.2.1: the version sent is 3" }],
  ["5.2.2", "MUST", "a packet of unknown type is discarded", {
    test: "RFC 9568 5.2.2: whatever is no advertisement is discarded",
  }],
  ["5.2.4", "MUST", "the owner of the addresses has priority 255", {
    test: "RFC 9568 5.2.4: priority 255 is the owner's and claims at once",
  }],
  ["5.2.4", "MUST", "backups have priorities 1 to 254", {
    test: "RFC 9568 5.2.4: any other priority listens first",
  }],
  ["5.2.4", "MUST", "priority 0 says that the master leaves", {
    test: "RFC 9568 5.2.4: priority 0 is sent on leaving and at no other time",
  }],
  ["5.2.5", "MUST", "the address count is at least 1; 0 is ignored (erratum 8299)", {
    test: "RFC 9568 5.2.5: an advert without addresses is discarded",
  }],
  ["5.2.6", "MUST", "the reserved bits are 0 on sending and ignored on receipt", {
    test: "RFC 9568 5.2.6: the reserved bits are sent as 0 and ignored",
  }],
  ["5.2.7", "MUST", "the interval is 1 to 4095 centiseconds, never 0 (erratum 8301)", {
    test: "RFC 9568 5.2.7: intervals of 1 to 4095 centiseconds pass, 0 is discarded",
  }],
  ["5.2.8", "MUST", "the checksum over IPv6 covers the pseudo-header", {
    test: "RFC 9568 5.2.8: over IPv6 the checksum covers both addresses",
  }],
  ["5.2.8", "MUST", "the checksum over IPv4 covers the message only", {
    test: "RFC 9568 5.2.8: over IPv4 a checksum of the message alone is accepted and sent",
  }],
  ["5.2.9", "MUST", "the addresses are of the packet's family", {
    test: "RFC 9568 5.2.9: addresses are of the packet's family",
  }],
  ["5.2.9", "MUST", "the first IPv6 address is link-local (erratum 8300)", {
    test: "RFC 9568 5.2.9: an advert whose first IPv6 address is not link-local is shown",
  }],
];

const SECTION_6: readonly Row[] = [
  ["6.1", "MUST", "Skew_Time is (256 - priority) * Active_Adver_Interval / 256", {
    test: "RFC 9568 6.1: the skew is a part of the master's interval",
  }],
  ["6.1", "MUST", "Active_Down_Interval is 3 * Active_Adver_Interval + Skew_Time", {
    test: "RFC 9568 6.1: a master counts as gone after three of its intervals and the skew",
  }],
  ["6.1", "MUST", "the priority is 100 and the interval 1 s where nothing else is said", {
    why: "the configuration's defaults; its own tests have them",
  }],
  ["6.1", "SHOULD", "Accept_Mode is False", {
    why: "a service address is there to be talked to: it is accepted while master, always",
  }],
  ["6.1", "MUST NOT", "with Accept_Mode False neighbour solicitations are dropped", {
    why: "Accept_Mode is True, always",
  }],
  ["6.4.1", "MUST", "an owner that starts advertises, announces its addresses and is master", {
    test: "RFC 9568 6.4.1: an owner that starts is master at once",
  }],
  ["6.4.1", "MUST", "everyone else that starts is backup, for a master-down of its own interval", {
    test: "RFC 9568 6.4.1: everyone else starts as backup and waits a master-down interval",
  }],
  ["6.4.2", "MUST NOT", "a backup answers ARP requests for the addresses", {
    test: "RFC 9568 6.4.2: a backup has not got the addresses",
  }],
  ["6.4.2", "MUST NOT", "a backup answers neighbour solicitations for the addresses", {
    test: "RFC 9568 6.4.2: a backup has not got the addresses",
  }],
  ["6.4.2", "MUST NOT", "a backup sends router advertisements", { why: ROUTER }],
  ["6.4.2", "MUST", "a backup discards frames to the virtual MAC", { why: VIRTUAL_MAC }],
  ["6.4.2", "MUST NOT", "a backup accepts packets to the addresses", {
    test: "RFC 9568 6.4.2: a backup has not got the addresses",
  }],
  ["6.4.2", "MUST", "on shutdown a backup cancels its timer and is in init", {
    test: "RFC 9568 6.4.2: a backup that is stopped forgets its timer and sends nothing",
  }],
  ["6.4.2", "MUST", "nothing but the timer decides, where [cluster] is written", {
    why: "with [cluster] a backup waits while the master reports that it holds the addresses, " +
      "so that lost adverts make no second master (decision 0075)",
  }],
  ["6.4.2", "MUST", "when the timer fires it advertises, announces and is master", {
    test: "RFC 9568 6.4.2: after the master-down time it advertises, announces, is master",
  }],
  [
    "6.4.2",
    "MUST",
    "on priority 0 the timer is set to Skew_Time (ours: to 0 for who is certain to be the next)",
    {
      test: "RFC 9568 6.4.2: priority 0 sets the timer to the skew",
    },
  ],
  ["6.4.2", "MUST", "without preempt every advert restarts the timer with its interval", {
    test: "RFC 9568 6.4.2: without preempt any master is obeyed, with its interval",
  }],
  ["6.4.2", "MUST", "a better or equal advert restarts the timer with its interval", {
    test: "RFC 9568 6.4.2: a better or equal master is obeyed, with its interval",
  }],
  [
    "6.4.2",
    "MUST",
    "with preempt a lower advert is discarded " +
    "(ours: but the first of a master that was obeyed counts like priority 0)",
    {
      test: "RFC 9568 6.4.2: with preempt a lower advert leaves the timer alone",
    },
  ],
  ["6.4.3", "MUST", "a master answers ARP requests for the addresses", {
    test: "RFC 9568 6.4.3: a master has the addresses as long as it is one",
  }],
  ["6.4.3", "MUST", "a master is in the solicited-node groups of its addresses", {
    why: KERNEL_ANSWERS,
  }],
  ["6.4.3", "MUST", "a master answers neighbour solicitations, Router flag set", {
    why: `${KERNEL_ANSWERS}; the Router flag is the kernel's, set where the machine forwards`,
  }],
  ["6.4.3", "MUST", "a master sends router advertisements", { why: ROUTER }],
  ["6.4.3", "MUST", "a master forwards frames to the virtual MAC", { why: VIRTUAL_MAC }],
  ["6.4.3", "MUST", "an owner, or with Accept_Mode, a master accepts packets to the addresses", {
    test: "RFC 9568 6.4.3: a master has the addresses as long as it is one",
  }],
  ["6.4.3", "MUST NOT", "other masters accept packets to the addresses", {
    why: "Accept_Mode is True, always",
  }],
  ["6.4.3", "MUST", "on shutdown it sends priority 0 and is in init", {
    test: "RFC 9568 6.4.3: a master that is stopped says so with priority 0",
  }],
  ["6.4.3", "MUST", "when the timer fires it advertises and restarts the timer", {
    test: "RFC 9568 6.4.3: a master advertises every interval",
  }],
  ["6.4.3", "MUST", "on priority 0 it advertises and restarts the timer", {
    test: "RFC 9568 6.4.3: a master answers priority 0 and restarts its interval",
  }],
  ["6.4.3", "MUST", "to a higher priority it yields, with the other's interval", {
    test: "RFC 9568 6.4.3: a master yields to a higher priority, with its interval",
  }],
  ["6.4.3", "MUST", "to an equal of a higher address it yields; unsigned, network order", {
    test: "RFC 9568 6.4.3: a master yields to an equal of a numerically higher address",
  }],
  ["6.4.3", "MUST", "any other advert is discarded and answered at once, the timer goes on", {
    test: "RFC 9568 6.4.3: a master answers a loser at once and its timer goes on",
  }],
];

const SECTION_7: readonly Row[] = [
  ["7.1", "MUST", "TTL or hop limit is 255", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "the version is 3", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "the type is 1", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "the packet is complete", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "the checksum is right", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "the VRID is configured on the interface", {
    why: "the daemon finds the instance by interface and VRID before the engine is asked",
  }],
  ["7.1", "MUST", "the interval is not 0 (erratum 8301)", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "MUST", "what fails is discarded", {
    test: "RFC 9568 7.1: whatever fails a check is discarded under its name",
  }],
  ["7.1", "SHOULD", "what fails is logged, not too often", {
    test: "RFC 9568 7.1: every reject has words for the log and a counter's name",
  }],
  ["7.1", "SHOULD", "an owner that hears an advert logs it (erratum 8298)", {
    test: "RFC 9568 7.1: an owner that hears another master points it out",
  }],
  ["7.1", "SHOULD", "another interval than one's own is logged and does not drop the packet", {
    test: "RFC 9568 7.1: another interval is pointed out and obeyed",
  }],
  ["7.1", "MAY", "the address list is compared, a difference logged", {
    test: "RFC 9568 7.1: another address list is pointed out; a stranger's is not obeyed",
  }],
  ["7.2", "MUST", "the fields are filled in from the configuration, the checksum computed", {
    test: "RFC 9568 7.2: an advert says what the rules say",
  }],
  ["7.2", "MUST", "the source MAC is the virtual MAC", { why: VIRTUAL_MAC }],
  ["7.2", "MUST", "the source address is the primary or link-local one", {
    test: "RFC 9568 5.1.1.1: the source is the interface's primary IPv4 address",
  }],
  ["7.2", "MUST", "packets go to the group", {
    test: "RFC 9568 7.2: adverts go to 224.0.0.18 and ff02::12",
  }],
  ["7.3", "MUST", "the virtual MAC is 00-00-5E-00-01-VRID or 00-00-5E-00-02-VRID", {
    why: VIRTUAL_MAC,
  }],
  ["7.4", "MUST NOT", "the virtual MAC goes into interface identifiers", { why: VIRTUAL_MAC }],
];

const SECTION_8: readonly Row[] = [
  ["8.1.1", "SHOULD", "ICMP redirects come from the address that the host used", { why: ROUTER }],
  ["8.1.2", "MUST", "a master answers ARP with the virtual MAC", { why: VIRTUAL_MAC }],
  ["8.1.2", "MUST NOT", "a master answers ARP with its own MAC", { why: VIRTUAL_MAC }],
  ["8.1.2", "MUST", "gratuitous ARP waits until the address is there", {
    test: "RFC 9568 8.1.2: nothing is announced before the address is there",
  }],
  ["8.1.2", "SHOULD", "a gratuitous ARP for each address carries the address (erratum 7947)", {
    test: "RFC 9568 8.1.2: a gratuitous ARP is a broadcast that carries the address twice",
  }],
  ["8.1.3", "MUST", "proxy ARP answers with the virtual MAC", { why: ROUTER }],
  ["8.2.1", "SHOULD", "ICMPv6 redirects come from the address that the host used", { why: ROUTER }],
  ["8.2.2", "MUST NOT", "a master answers solicitations with its own MAC", { why: VIRTUAL_MAC }],
  ["8.2.2", "MUST", "its own solicitations carry the virtual MAC", { why: VIRTUAL_MAC }],
  ["8.2.2", "MUST", "neighbour advertisements wait until the address is there", {
    test: "RFC 9568 8.1.2: nothing is announced before the address is there",
  }],
  [
    "8.2.2",
    "SHOULD",
    "an unsolicited advertisement for each address, Override set, Solicited not",
    {
      test: "RFC 9568 8.2.2: the unsolicited advertisement overrides and answers no question",
    },
  ],
  ["8.2.2", "MAY", "an owner skips duplicate address detection", {
    why: "every address is added without it: the election decides who has it",
  }],
  ["8.2.3", "MUST", "backups send the router advertisement options of the owner", { why: ROUTER }],
  ["8.2.3", "SHOULD NOT", "an owner sends options that backups do not", { why: ROUTER }],
  ["8.2.4", "SHOULD", "unsolicited advertisements update the neighbour cache in every state", {
    why: "the kernel's neighbour cache; floatip does not touch its settings",
  }],
  ["8.3.1", "SHOULD NOT", "others than the owner forward packets to the addresses", {
    why: KERNEL_ANSWERS,
  }],
  ["8.3.2", "SHOULD", "at most one router has priority 255", {
    test: "RFC 9568 8.3.2: of two owners one stays, and both point it out",
  }],
  ["8.3.2", "SHOULD", "several owners are logged", {
    test: "RFC 9568 8.3.2: of two owners one stays, and both point it out",
  }],
  ["8.3.2", "SHOULD", "priorities differ enough that two do not claim at the same time", {
    test: "RFC 9568 8.3.2: different priorities claim at different times: 10 apart, 39 ms",
  }],
  ["8.3.2", "MAY", "equal priorities are logged", {
    why: "equal priorities are a sound configuration: the higher address wins a tie",
  }],
  ["8.4.2", "MUST", "in mixed mode a master sends both versions", { why: ONE_VERSION }],
  ["8.4.2", "MUST", "in mixed mode a backup goes by the rate of the master", {
    why: ONE_VERSION,
  }],
  ["8.4.2", "MUST", "in mixed mode seconds become centiseconds", { why: ONE_VERSION }],
  ["8.4.2", "SHOULD", "in mixed mode v3 is preferred to v2 of the same master", {
    why: ONE_VERSION,
  }],
  ["8.4.2.1", "SHOULD NOT", "a v2 node has the higher priority where intervals are below 1 s", {
    why: ONE_VERSION,
  }],
];

/** Every requirement, in the RFC's order. */
export const LEDGER: readonly Requirement[] = [
  ...SECTION_5,
  ...SECTION_6,
  ...SECTION_7,
  ...SECTION_8,
].map(([section, level, claim, proof]) => ({ section, level, claim, proof }));
