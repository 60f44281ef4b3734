/** [check.NAME]: one of eight probes, what belongs to it, and how often and how patiently. */
import { assert } from "../../assert.ts";
import { type Key, type Keys, type Settings, settingsOf, type TableDraft } from "./key.ts";
import { COMMAND, USER } from "./notify.ts";
import {
  address,
  duration,
  endpoint,
  flag,
  interfaceName,
  line,
  listOf,
  oneOf,
  text,
  url,
  wholeNumber,
} from "./types.ts";

const ANY_TEXT = text(/^[^\0]+$/u, "a text of at least one character");

/** [check.NAME] */
export const CHECK = {
  http: {
    type: url(["http", "https"], "a URL that begins with http:// or https://"),
    as: "url",
    absent: "none",
    what: "A page that must be answered; redirects are answers, too.",
    why: "A check needs to know what to ask.",
    example: "http://127.0.0.1/",
    synonyms: ["url", "https", "http_get", "ssl_get"],
  },
  tcp: {
    type: endpoint('a host and a port, such as "127.0.0.1:5432"'),
    as: "target",
    absent: "none",
    what: "A port that must accept connections.",
    why: "A check needs to know where to connect to.",
    example: "127.0.0.1:5432",
    synonyms: ["tcp_check", "connect", "port"],
  },
  dns: {
    type: line("the name to ask for"),
    as: "query",
    absent: "none",
    what: "A name that a name server must answer.",
    why: "A check needs to know what to ask for.",
    example: "example.org",
    synonyms: ["dns_check", "query", "resolve"],
  },
  ping: {
    type: address('an address, such as "192.168.1.1"'),
    as: "address",
    absent: "none",
    what: "An address that must answer.",
    why: "A name would make the check depend on name servers, too.",
    example: "192.168.1.1",
    synonyms: ["ping_check", "gateway", "icmp"],
  },
  command: {
    ...COMMAND,
    as: "argv",
    what: "A program that must end with exit code 0; no shell is between.",
    example: ["/etc/floatip/check"],
    synonyms: ["script", "cmd", "exec", "argv", "misc_check"],
  },
  process: {
    type: {
      ...text(/^[^\s/\p{Cc}]+$/u, "the name of a program, without path and arguments"),
      show: String,
    },
    as: "name",
    absent: "none",
    what: "A program that must be running; its end is noticed at once.",
    why: "Processes are found by the name that `ps -e` shows.",
    example: "nginx",
    synonyms: ["program", "daemon", "quorum"],
  },
  file: {
    type: { ...line("the whole path of a file"), show: String },
    as: "path",
    absent: "none",
    what: "A file that must be there, must not be there, or whose number counts.",
    why: "A check needs to know which file to look at.",
    example: "/run/floatip.flag",
    synonyms: ["path", "flag", "track_file"],
  },
  interface: {
    type: interfaceName(),
    as: "name",
    absent: "none",
    what: "An interface that must be there, switched on and plugged in.",
    why: "A check needs to know which interface to look at.",
    example: "eth1",
    synonyms: ["track_interface", "dev", "device", "iface", "nic", "link"],
  },
  status: {
    type: listOf(
      wholeNumber(100, 599),
      "a list of status codes from 100 to 599, such as [200, 204]",
    ),
    of: ["http"],
    as: "statuses",
    default: [],
    absent: "200 to 399",
    what: "The status codes that count as success (http).",
    why: "An error page is an answer, too.",
    example: [200],
    synonyms: ["status_code", "statuses", "codes", "expect_status"],
  },
  match: {
    type: ANY_TEXT,
    of: ["http"],
    discreet: true,
    absent: "none",
    what: "A text that the page must contain (http).",
    why: "A page without it counts as failure.",
    example: "Welcome",
    synonyms: ["body", "contains", "regex"],
  },
  host: {
    type: text(/^[^\s/\p{Cc}]+$/u, "a host name, with a port where needed"),
    of: ["http"],
    absent: "the URL's",
    what: "The host that is asked for, where it is not the URL's (http).",
    why: "One server answers for many names, and the name says which of them is meant.",
    example: "www.example.org",
    synonyms: ["virtualhost", "host_header", "vhost"],
  },
  insecure: {
    type: flag(),
    of: ["http"],
    default: false,
    what: "Accept any certificate (http).",
    why: "A certificate without a known signature counts as failure otherwise.",
    example: true,
    synonyms: ["verify", "no_verify", "skip_verify"],
  },
  send: {
    type: ANY_TEXT,
    of: ["tcp"],
    absent: "nothing",
    what: "What to send once connected (tcp).",
    why: "Some servers speak only when spoken to.",
    example: "PING\r\n",
    synonyms: ["payload"],
    secret: true,
  },
  expect: {
    type: ANY_TEXT,
    of: ["tcp", "dns"],
    discreet: true,
    absent: "any answer will do",
    what: "A text that must come back (tcp), or that one of the answers must be (dns).",
    why: "An answer without it counts as failure.",
    example: "PONG",
    synonyms: ["answer", "receive", "response"],
  },
  server: {
    type: endpoint('the address of a name server, such as "127.0.0.1" or "127.0.0.1:5353"', 53),
    of: ["dns"],
    default: "127.0.0.1",
    what: "Which name server is asked (dns).",
    why: "The name server of this node should be asked, not one that works elsewhere.",
    synonyms: ["nameserver", "resolver"],
  },
  type: {
    type: oneOf("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"),
    of: ["dns"],
    default: "A",
    what: "Which kind of record is asked for (dns).",
    why: "A name can have an IPv4 address and no IPv6 address.",
    synonyms: ["record", "record_type", "rrtype"],
  },
  by: {
    type: oneOf("icmp", "arp"),
    of: ["ping"],
    default: "icmp",
    what: "How the address is asked (ping): ARP (for IPv6 Neighbor Discovery) works where a " +
      "firewall drops ICMP, on the same wire.",
    why: "An address that answers the one may be silent to the other.",
    synonyms: ["via", "method"],
  },
  user: {
    ...USER,
    of: ["command"],
    what: "The user that runs the command.",
    example: "postgres",
  },
  want: {
    type: oneOf("present", "absent", "value"),
    of: ["file"],
    default: "present",
    what: 'How the file should be; "value": the number in it, multiplied with the weight.',
    why: "It decides whether a missing file is a failure.",
    synonyms: ["exists", "state"],
  },
  interval: {
    type: duration("100ms", "24h", "2s"),
    default: "2s",
    what: "How often an attempt is made.",
    why: "A failure is noticed after `fall` intervals at the latest.",
    synonyms: ["every", "delay", "period", "advert_interval"],
  },
  timeout: {
    type: duration("10ms", "24h", "1s"),
    absent: "the interval",
    what: "How long an attempt may take before it counts as failure.",
    why: "A service that does not answer in time is of no use to its clients.",
    example: "1s",
    synonyms: ["connect_timeout", "deadline", "max_time"],
  },
  fall: {
    type: wholeNumber(1, 1000),
    default: 3,
    what: "How many failures in a row make it down.",
    why: "One lost packet should not move an address.",
    synonyms: ["down", "failures", "retry", "retries"],
  },
  rise: {
    type: wholeNumber(1, 1000),
    default: 2,
    what: "How many successes in a row make it up again.",
    why: "A service that comes and goes should not take the address along each time.",
    synonyms: ["up", "successes"],
  },
  weight: {
    type: wholeNumber(-253, 253, 0),
    absent: "none: down means fault",
    what: "What is added to the priority while down (negative) or while up (positive).",
    why:
      "Priorities are 1 to 254; without a weight a failure gives the addresses up whatever the " +
      "priority.",
    example: -50,
    synonyms: ["prio", "priority", "points"],
  },
} as const satisfies Keys;

/** The keys that say what is probed: a check has exactly one of them. */
export const PROBES = [
  "http",
  "tcp",
  "dns",
  "ping",
  "command",
  "process",
  "file",
  "interface",
] as const satisfies readonly (keyof typeof CHECK)[];

type Kind = (typeof PROBES)[number];
type Check = typeof CHECK;

/** The keys that belong to a probe: itself, and those that have an effect only beside it. */
type Belonging<K extends Kind> =
  | K
  | {
    [N in keyof Check]: Check[N] extends { readonly of: readonly (infer P)[] }
      ? K extends P ? N : never
      : never;
  }[keyof Check];

type Written<T> = { readonly [N in keyof T]: Exclude<T[N], undefined> };

/** What one attempt does: exactly one kind for a check, with the settings that belong to it. */
export type Probe = {
  [K in Kind]:
    & { readonly kind: K }
    & Written<Settings<Pick<Check, K>>>
    & Settings<Pick<Check, Exclude<Belonging<K>, K>>>;
}[Kind];

type Common = Omit<Check, Belonging<Kind>>;

/** What one [check.NAME] says, with its probe apart. */
export type CheckSettings =
  & { readonly name: string; readonly probe: Probe }
  & Settings<Omit<Common, "timeout">>
  & Written<Settings<Pick<Common, "timeout">>>;

/** One [check.NAME], as far as it could be read. */
export type CheckDraft = TableDraft<Check>;

function keysWhere(wanted: (name: string, of: readonly string[] | undefined) => boolean): Keys {
  const all: readonly (readonly [string, Key])[] = Object.entries(CHECK);
  return Object.fromEntries(all.filter(([name, { of }]) => wanted(name, of)));
}

/** The keys that every check may have. */
export const COMMON_KEYS = keysWhere((name, of) =>
  of === undefined && !PROBES.some((kind) => kind === name)
);

/** The keys of each probe: its own, and those that belong to it. */
export const PROBE_KEYS = Object.fromEntries(
  PROBES.map((kind) => [kind, keysWhere((name, of) => name === kind || !!of?.includes(kind))]),
) as Readonly<Record<Kind, Keys>>;

/** A sound draft as what it says. */
export function toCheck({ name, keys }: CheckDraft): CheckSettings {
  const kind = PROBES.find((one) => keys[one] !== undefined);
  assert(kind !== undefined, "a check without a probe is a problem");
  const common = settingsOf(COMMON_KEYS, keys) as Settings<Common>;
  const probe = { kind, ...settingsOf(PROBE_KEYS[kind], keys) } as Probe;
  return { name, probe, ...common, timeout: common.timeout ?? common.interval };
}
