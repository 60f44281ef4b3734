/** floatip.toml(5): every key, from the same tables that `floatip check` speaks from. */
import { defaultText, exampleText, type Key } from "../../src/config/tables/key.ts";
import { ROOT, TABLES } from "../../src/config/tables/root.ts";
import { bold, broken, entry, inline, page, paragraph, section, title, verbatim } from "./roff.ts";

/** A whole file. */
export const EXAMPLE = `[nodes]                              # the same file on all of them
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"
pi-c = "192.168.1.13"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
prefer = ["pi-a", "pi-b", "pi-c"]    # which node should hold it, best first
checks = ["nginx"]

[check.nginx]
http = "http://127.0.0.1/"`;

/** floatip.toml(5). `epoch`: its date, in seconds since 1970. */
export function filePage(version: string, epoch: number): string {
  return page(
    title("floatip.toml", 5, version, epoch),
    section("NAME"),
    "floatip.toml \\- configuration of floatip",
    section("SYNOPSIS"),
    "/etc/floatip/floatip.toml",
    section("DESCRIPTION"),
    ...INTRODUCTION.map((text) => paragraph(inline(text))),
    section("EXAMPLE"),
    verbatim(EXAMPLE.split("\n")),
    section("[nodes]"),
    paragraph(inline(`${ROOT.nodes.what} ${ROOT.nodes.why}`)),
    verbatim(NODES_FORMS),
    ...TABLES.flatMap(({ header, what, keys }) => [
      section(header),
      paragraph(inline(what)),
      ...Object.entries(keys).map(([key, is]) => describe(key, is)),
    ]),
    section("SEE ALSO"),
    `${bold("floatip")}(8), ${bold("systemd.exec")}(5) for LoadCredential=`,
  );
}

/** How a line of [nodes] may look. */
export const NODES_FORMS = [
  "[nodes]",
  'NAME = "ADDRESS"',
  'NAME = ["IPV4 ADDRESS", "IPV6 ADDRESS"]',
  'NAME = { address = "ADDRESS", links = ["ADDRESS"] }',
];

/** What holds for the whole file. */
export const INTRODUCTION = [
  "The file is TOML (https://toml.io), and the same on every node: each finds itself by its own address in [nodes]. " +
  "Everything has a default but `vrid` and `addresses`. An unknown key is an error.",
  'Durations are texts with a unit: "100ms", "1s", "2m". An address without a prefix length is a host address.',
  'A password, token, secret or URL can be kept out of the file: `pass = { credential = "NAME" }` takes it from ' +
  "/etc/floatip/credentials/NAME, which only root reads; systemd hands it to the service when that starts. " +
  "LoadCredential=NAME:FILE in a drop-in of floatip.service takes it from elsewhere.",
  "`floatip check` says what is wrong with a file, where, why that matters, and how the line should read; " +
  "`floatip reload` applies it, and leaves alone what did not change.",
  "After a start an instance waits in init for the first result of each of its checks without a weight. A check that a reload " +
  "adds or points at something else changes nothing until it succeeds once, or fails as often as `fall` says: a master stays " +
  "master, a backup does not preempt a living master, but takes over from one that is gone. The same probe under another name, " +
  "or with another interval, `fall`, `rise` or `weight`, keeps what is known of it.",
] as const;

function describe(name: string, key: Key): string {
  const absent = defaultText(key);
  const fallback = absent === undefined ? "It must be written." : `Default: ${absent}.`;
  return entry(
    bold(name),
    inline(`${key.what} ${key.why}`),
    broken(inline(`It is ${key.type.form}. ${fallback}`), bold(`${name} = ${exampleText(key)}`)),
  );
}
