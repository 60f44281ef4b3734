/** Random keepalived files with their quirks, which keepalived accepts. */
import fc from "fast-check";

/** What a random file is made of. */
interface Style {
  /** `{` on a line of its own, or behind the keyword, with or without a blank. */
  readonly brace: string;
  readonly indent: string;
  readonly end: string;
  /** A closing brace stands behind the line before it. */
  readonly attached: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  brace: fc.constantFrom(" {\n", "{\n", "\n{\n", " {   # why\n", "\t{\n"),
  indent: fc.constantFrom("", "  ", "\t", "        "),
  end: fc.constantFrom("\n", "  \n", "   # a note\n", " ! old { style\n", "\r\n"),
  attached: fc.boolean(),
});

/** Sometimes. */
function maybe(line: fc.Arbitrary<readonly string[]>): fc.Arbitrary<readonly string[]> {
  return fc.oneof(fc.constant([]), line);
}

const line = (...words: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.constantFrom(...words).map((word) => [word]);

const priority = fc.oneof(
  fc.integer({ min: 1, max: 254 }).map((value) => [`priority ${value}`]),
  line("priority 255", "priority 0", "priority 15x", 'priority "77"', "priority 10 20"),
);
const interval = line(
  ...["advert_int 1", "advert_int 2", "advert_int 0.4", "advert_int 1.5", "advert_int 2.5"],
  ...["advert_int 0.01", "advert_int 41", "advert_int 300", "advert_int x", "advert_int 0.255"],
);
const preempting = fc.array(
  fc.constantFrom("nopreempt", "preempt", "preempt_delay 5", "preempt_delay 0.5"),
  { maxLength: 3 },
);
const state = line(
  "state MASTER",
  "state BACKUP",
  "state master",
  'state "MASTER"',
  "state MASTER x",
);
const password = fc.constantFrom(
  ...[
    "secret12",
    "1111",
    "p@ss!word",
    "a'b",
    '"a b"',
    "0123456789",
    "x=y;z",
    "$HOME",
    "a#b",
    "\\n",
  ],
);
const authentication = password.map((text) => [
  "authentication {",
  "  auth_type PASS",
  `  auth_pass ${text}`,
  "}",
]);
const address = (n: number) =>
  fc.constantFrom(
    ...[`10.9.${n}.1`, `10.9.${n}.2/24`, `10.9.${n}.3/24 dev eth1`, `10.9.${n}.4/24 label eth0:v`],
    ...[`10.9.${n}.5/32 scope global`, `10.9.${n}.6/24 no_track`, `10.9.${n}.7/24 foo`],
    ...[`10.9.${n}.8/8x`, `10.9.${n}.9/33`, `~SEQ(I${n}, 10, 12) 10.9.${n}.$I${n}/24`],
    ...[`~LST(J${n}, 20, 21) 10.9.${n}.\${J${n}}`, `\${NET}.${n}.30/24`, `@pi-a 10.9.${n}.31`],
    ...[`@^pi-a 10.9.${n}.32`, `@pi-b 10.9.${n}.33`, `"10.9.${n}.34/24"`],
  );
const unicast = line(
  "unicast_src_ip 192.168.1.11\nunicast_peer {\n  192.168.1.12\n  192.168.1.13\n}",
);

const instance = (n: number): fc.Arbitrary<readonly string[]> =>
  fc.tuple(
    fc.nat(9),
    fc.tuple(
      ...[maybe(state), maybe(priority), maybe(interval), preempting, maybe(authentication)],
      ...[maybe(line("version 2", "version 3", "version 4")), maybe(unicast)],
      // One at least is for all nodes.
      fc.uniqueArray(address(n), { minLength: 1, maxLength: 4 }).map((lines) => [
        "virtual_ipaddress {",
        ...[`10.9.${n}.99/24`, ...lines].map((text) => `  ${text}`),
        "}",
      ]),
      maybe(line("track_script {\n  chk\n}", "track_script {\n  chk weight -7\n}")),
      ...[maybe(tracked), n === 1 ? maybe(excluded) : fc.constant([])],
      maybe(line("track_interface {\n  eth1\n}", "track_interface {\n  eth2 weight 9\n  eth0\n}")),
    ),
  ).map(([turn, parts]) => [
    `vrrp_instance VI_${n} {`,
    `interface eth0`,
    `virtual_router_id ${50 + n}`,
    ...[...parts.slice(turn), ...parts.slice(0, turn)].flat(),
    "}",
  ]);

const script = fc.tuple(
  fc.constantFrom(
    ...[
      "\"/usr/bin/true a 'b c'\"",
      "/usr/bin/true",
      '"/usr/bin/true \\"x y\\" z"',
      "'/usr/bin/true q'",
    ],
    ...['"/usr/bin/true \\x41\\t#"', '"/usr/bin/true {a} ! b"'],
  ),
  maybe(line("interval 3", "interval 7")),
  maybe(line("weight -20", "weight 5", "weight 0", "weight 10 reverse")),
  maybe(line("fall 3\nrise 2", "fall 2", "rise 0")),
).map(([command, ...rest]) => ["vrrp_script chk {", `script ${command}`, ...rest.flat(), "}"]);

const excluded = line(
  "virtual_ipaddress_excluded {\n  fd00:9::1/64\n  10.8.0.1 dev eth1\n}",
  "virtual_ipaddress_excluded {\n  10.8.0.2/24 label eth0:x\n}",
);

const tracked = line(
  "track_file {\n  number\n}",
  "track_file {\n  number weight -3\n}",
  "track_file {\n  number weight 0\n}",
  "track_process {\n  init\n}",
  "track_process {\n  init weight 4\n}",
);

const TRACKERS = "track_file number {\n  file /run/floatip-number\n  weight 2\n}\n" +
  "vrrp_track_process init {\n  process init\n}";

const group = maybe(
  line(
    "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n    VI_3\n  }\n}",
    "vrrp_sync_group G {\n  group {\n    VI_2\n    VI_1\n  }\n" +
      "  track_script {\n    chk weight 0\n  }\n}",
  ),
);

const globals = maybe(
  fc.tuple(
    maybe(line("vrrp_version 3", "vrrp_version 2")),
    maybe(line("router_id LVS_1", "vrrp_strict")),
  ).map((parts) => ["global_defs {", ...parts.flat(), "}"]),
);

/** A file with one to three instances. `$NET` is 10.9. */
export const randomFile: fc.Arbitrary<string> = fc.tuple(
  style,
  globals,
  script,
  fc.constant(TRACKERS.split("\n")),
  group,
  fc.integer({ min: 1, max: 3 }).chain((count) =>
    fc.tuple(...Array.from({ length: count }, (_, n) => instance(n + 1)))
  ),
).map(([style, ...parts]) => {
  const lines = parts.flat(2).flatMap((text) => text.split("\n"));
  const text = `$NET=10.9\n${lines.map((line) => styled(line, style)).join("")}`;
  // Behind a comment the brace would be a part of it, behind a condition or a sequence hang on
  // that.
  if (!style.attached || /[#!]/.test(style.end)) return text;
  return text.replace(/^([^#!@~\n]*[^#!\s{}])[ \t\r]*\n\s*\}/gm, "$1 }");
});

function styled(text: string, { brace, indent, end }: Style): string {
  const plain = text.trim();
  // An unquoted # or ! would swallow what follows it on the line.
  const tail = end === "\r\n" || !/[!#]/.test(plain.replace(/"[^"]*"/g, "")) ? end : "\n";
  return plain.endsWith("{")
    ? `${indent}${plain.slice(0, -1).trim()}${brace}`
    : `${indent}${plain}${tail}`;
}
