/** Source, peers and authentication of the adverts of an instance. */
import { showName, writeValue } from "../../config/toml_text.ts";
import {
  type Family,
  formatIp,
  type Ip,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
  sameIp,
} from "../../net/ip.ts";
import { unknownOption } from "./addresses.ts";
import { Block } from "./block.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type ImportContext,
  type Report,
  type Translation,
  unsupported,
  valueOf,
} from "./translation.ts";

/** The entries `source` and `peers`. `floating`: the floating addresses of the instance. */
export function travelOf(
  instance: Block,
  family: Family,
  floating: readonly Ip[],
): readonly TomlEntry[] {
  const { report } = instance.context;
  const lines = instance.inside("unicast_peer");
  const source = sourceOf(instance, family, floating, lines.length > 0);
  const peers = lines.flatMap((line) => peerOf(line, family, [...floating, ...source], report));
  const once = peers.filter(({ address, line }, index) => {
    const first = peers.findIndex((other) => sameIp(other.address, address));
    if (first !== index) report(line, changed("it is there already"));
    return first === index;
  });
  for (const block of instance.all("unicast_peer")) {
    const translation = once.length > 0
      ? carried("peers = [...]")
      : changed("it is empty: keepalived uses multicast, and so does floatip");
    report(block, translation);
  }
  return [
    ...source.map((address): TomlEntry => ["source", formatIp(address)]),
    ...(once.length === 0
      ? []
      : [["peers", once.map(({ address }) => formatIp(address))] as const]),
  ];
}

/** No source or one. */
function sourceOf(
  instance: Block,
  family: Family,
  floating: readonly Ip[],
  unicast: boolean,
): readonly Ip[] {
  const { report } = instance.context;
  const statements = ["unicast_src_ip", "mcast_src_ip"].map((word) => instance.last(word));
  const [first, second] = statements.filter((statement) => statement !== undefined)
    .toSorted((a, b) => b.order - a.order);
  if (second !== undefined) {
    report(second, changed("there is another source, and the last one counts"));
  }
  if (first === undefined) return [];
  const text = valueOf(first) ?? "";
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    report(
      first,
      unsupported(
        `${showName(text)} cannot be the source of ${NAMES[family]} adverts of this machine`,
        "correct it",
      ),
    );
    return [];
  }
  if (floating.some((one) => sameIp(one, address))) {
    report(
      first,
      unsupported("the source is a floating address: it moves", "an address of the machine"),
    );
    return [];
  }
  const to = `source = ${writeValue(formatIp(address))}`;
  const multicast = keywordOf(first) === "unicast_src_ip" && !unicast;
  report(first, multicast ? changed("without peers adverts go by multicast", to) : carried(to));
  return [address];
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

interface Peer {
  readonly address: Ip;
  readonly line: Statement;
}

/** `not`: the source and the floating addresses; no peer has them. */
function peerOf(
  line: Statement,
  family: Family,
  not: readonly Ip[],
  report: Report,
): readonly Peer[] {
  const text = keywordOf(line);
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    report(
      line,
      unsupported(
        `${showName(text)} is not an ${
          NAMES[family]
        } address of a machine, and keepalived skips it`,
        "correct it",
      ),
    );
    return [];
  }
  if (not.some((one) => sameIp(one, address))) {
    report(line, altered("it is an address of this node, or a floating address: no peer has it"));
    return [];
  }
  judgeBounds(line, report);
  report(line, carried(writeValue(formatIp(address))));
  return [{ address, line }];
}

function judgeBounds(line: Statement, report: Report): void {
  const words = argumentsOf(line);
  for (let at = 0; at < words.length; at += 2) {
    const [option = "", value] = words.slice(at, at + 2);
    if (["min_ttl", "max_ttl"].includes(option) && value !== undefined) {
      report(line, changed("floatip checks the source, not the TTL"));
    } else return report(line, unknownOption(option));
  }
}

function isOwnable(address: Ip): boolean {
  return !isMulticast(address) && !isLoopback(address) && !isUnspecified(address) &&
    formatIp(address) !== "255.255.255.255";
}

/** The length of a password in VRRPv2, in bytes (RFC 2338 5.3.10). */
const MOST = 8;

const KNOWN = ["auth_type", "auth_pass"];

/** The entry `auth` of an instance, or none. */
export function authEntries(
  instance: Block,
  version: 2 | 3,
  strict: boolean,
): readonly TomlEntry[] {
  const { context } = instance;
  const { report, unknown } = context;
  const blocks = instance.all("authentication");
  const inside = new Block(instance.inside("authentication"), context);
  const type = inside.last("auth_type");
  const pass = inside.last("auth_pass");
  for (const statement of inside.statements) {
    if (!KNOWN.includes(keywordOf(statement))) report(statement, unknown(statement, KNOWN));
    judgeRest(statement, context);
  }
  const say = (translation: Translation): readonly TomlEntry[] => {
    for (const block of blocks) report(block, translation);
    for (const one of inside.statements) report(one, { ...translation, matters: false });
    return [];
  };
  if (blocks.length === 0) return [];
  if (version === 3) return say(changed("VRRPv3 has no password, and keepalived ignores it"));
  if (strict) return say(changed("keepalived ignores it because of vrrp_strict"));
  const kind = valueOf(type);
  if (kind === "AH") return say(AH);
  if (kind !== "PASS") {
    return say(altered("without auth_type PASS keepalived does not use a password"));
  }
  const text = valueOf(pass) ?? "";
  if (pass === undefined || text === "") {
    return say(altered("auth_pass is missing or empty: keepalived does not use a password"));
  }
  const password = cutPassword(text);
  if (password === undefined) {
    return say(unsupported(
      "the eighth byte of the password is inside a character, or it has control characters",
      "another password of 1 to 8 ASCII characters, on all nodes",
    ));
  }
  for (const block of blocks) report(block, carried("auth = { pass = ... }"));
  if (type !== undefined) report(type, carried("auth"));
  report(pass, passVerdict(text, password, pass.cut));
  return [["auth", { pass: password }]];
}

const AH = unsupported(
  "floatip does not support the Authentication Header; RFC 3768 removed it from VRRP in 2004",
  "auth_type PASS on all nodes, or none",
);

/** keepalived reads one directive per line. */
function judgeRest(statement: Statement, { report }: ImportContext): void {
  const [, ...rest] = argumentsOf(statement);
  if (rest.length === 0) return;
  report(
    statement,
    rest.some((word) => KNOWN.includes(word))
      ? unsupported(
        "keepalived reads one directive per line, and ignores the rest",
        "write each on a line of its own",
      )
      : changed("keepalived takes the first word only"),
  );
}

/**
 * The first {@link MOST} bytes of `text`; undefined: they are no text, or have control characters.
 */
function cutPassword(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text).subarray(0, MOST);
  const cut = new TextDecoder().decode(bytes);
  return cut.includes("\ufffd") || /\p{Cc}/u.test(cut) ? undefined : cut;
}

function passVerdict(text: string, password: string, comment: boolean): Translation {
  const to = "auth = { pass = ... }";
  if (comment) {
    return changed(
      "a ! or # begins a comment, also inside a word: the password ends before it",
      to,
    );
  }
  if (text === password) return carried(to);
  return changed(
    `its first ${MOST} bytes are kept: VRRPv2 has no more, and keepalived cuts it too`,
    to,
  );
}
