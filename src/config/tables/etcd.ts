/** Keys of [cluster] about an etcd cluster that decides on exclusive instances. */
import { error, type Problem, type Rule, warning } from "../problem.ts";
import type { Keys, TableDraft } from "./key.ts";
import { line, listOf, text, url } from "./types.ts";

/** A file of PEM texts. */
const FILE = text(/^\/[^\0]+$/u, 'the whole path of a file, such as "/etc/floatip/etcd-ca.pem"');

/** Of [cluster]. */
export const ETCD = {
  etcd: {
    type: listOf(
      url(["http", "https"], 'a URL such as "http://10.0.0.1:2379"'),
      'a list of at least one URL, such as ["http://10.0.0.1:2379"]',
    ),
    entryWord: "etcd member",
    absent: "none: nodes and witnesses vote",
    what: "Members of an etcd cluster that decides on exclusive instances in place of votes, the " +
      "same on all nodes; without a port 2379.",
    why: "A node that cannot ask it may hold no exclusive address, and two nodes that ask two " +
      "clusters may hold one both.",
    example: ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"],
    synonyms: ["etcd_endpoints", "endpoints"],
  },
  etcd_user: {
    type: line("a user name of etcd's"),
    absent: "none",
    what: "The user name for etcd; its role needs to read and write what begins with etcd_prefix.",
    why: "An etcd with authentication refuses what comes without one.",
    example: "floatip",
    synonyms: ["etcd_username"],
    of: ["etcd"],
  },
  etcd_password: {
    type: text(/^[^\0]+$/u, 'a text of at least one character, or { credential = "NAME" }'),
    absent: "none",
    what: "The user's password.",
    why: "Without it etcd gives no token.",
    title: "the password for etcd",
    example: { credential: "etcd" },
    synonyms: ["etcd_pass"],
    secret: true,
    of: ["etcd"],
  },
  etcd_ca: {
    type: FILE,
    absent: "none",
    what: "A file of certificates in PEM form that are trusted besides the usual ones (https).",
    why: "A certificate without a known signature is refused.",
    example: "/etc/floatip/etcd-ca.pem",
    synonyms: ["etcd_cacert", "etcd_trusted_ca", "etcd_cafile"],
    of: ["etcd"],
  },
  etcd_cert: {
    type: FILE,
    absent: "none",
    what: "A file with this node's certificate in PEM form, for an etcd that asks for one (https).",
    why: "An etcd with --client-cert-auth refuses the connection without it.",
    example: "/etc/floatip/etcd.pem",
    synonyms: ["etcd_certificate", "etcd_certfile"],
    of: ["etcd"],
  },
  etcd_key: {
    type: text(
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
      "a private key in PEM form, or " +
        '{ credential = "NAME" }',
    ),
    absent: "none",
    what: "The private key of etcd_cert.",
    why: "A certificate proves nothing without it.",
    title: "the private key for etcd",
    example: { credential: "etcd-key" },
    synonyms: ["etcd_keyfile", "etcd_private_key"],
    secret: true,
    of: ["etcd"],
  },
  etcd_prefix: {
    type: text(/^[!-~]{1,100}$/, "a text of 1 to 100 characters of ASCII without blanks"),
    default: "floatip/",
    what: "What the keys in etcd begin with; the same on all nodes, and another one for each " +
      "cluster that uses this etcd.",
    why: "Two clusters with one prefix take the addresses of their instances from each other.",
    synonyms: ["etcd_path", "etcd_namespace"],
    of: ["etcd"],
  },
} as const satisfies Keys;

type Etcd = TableDraft<typeof ETCD>;

/** What is wrong with them. */
export const ETCD_RULES: readonly Rule<Etcd, unknown>[] = [
  ({ path, keys: { etcd = [] } }) =>
    etcd.flatMap((written, index): readonly Problem[] => {
      const found = written === undefined ? undefined : new URL(written);
      if (found === undefined) return [];
      const { protocol, host, username, pathname, search, hash } = found;
      if (username === "" && pathname === "/" && search === "" && hash === "") return [];
      return [error(
        [...path, "etcd", index],
        "the URL of an etcd member has more than a host and a port",
        "A login in it would be shown, and etcd's paths are known.",
        `write "${protocol}//${host}", and a login as etcd_user and etcd_password`,
      )];
    }),
  ({ path, keys: { etcd = [] } }) => {
    const hosts = etcd.flatMap((written) => written === undefined ? [] : [new URL(written).host]);
    const index = hosts.findIndex((host, at) => hosts.indexOf(host) !== at);
    return index < 0 ? undefined : error(
      [...path, "etcd", index],
      `${hosts[index]} stands twice`,
      "Most of the members have to be of one etcd cluster, and this one would count twice.",
      "remove one of them",
    );
  },
  ({ path, keys }) => missing(keys, path, "etcd_user", "etcd_password"),
  ({ path, keys }) => missing(keys, path, "etcd_password", "etcd_user"),
  ({ path, keys }) => missing(keys, path, "etcd_cert", "etcd_key"),
  ({ path, keys }) => missing(keys, path, "etcd_key", "etcd_cert"),
  ({ path, keys }) => {
    const all = keys.etcd?.filter((one) => one !== undefined) ?? [];
    const name = (["etcd_ca", "etcd_cert"] as const).find((one) => keys[one] !== undefined);
    const plain = all.find((one) => one.startsWith("http:"));
    if (name === undefined || plain === undefined) return undefined;
    return error(
      [...path, "etcd", all.indexOf(plain)],
      `${name} has no effect on a member that is asked without TLS`,
      "What is asked of it could be read and changed on the way.",
      `write "${plain.replace(/^http:/, "https:")}", or remove ${name}`,
    );
  },
  ({ path, keys: { etcd = [], etcd_password } }) => {
    if (etcd_password === undefined) return undefined;
    const index = etcd.findIndex((one) => one?.startsWith("http:"));
    return index < 0 ? undefined : warning(
      [...path, "etcd", index],
      "the password for etcd travels in the clear",
      "Who sees it can take and give away each address.",
      `write "${etcd[index]?.replace(/^http:/, "https:")}", where etcd has TLS`,
    );
  },
];

function missing(
  keys: Etcd["keys"],
  path: Etcd["path"],
  written: keyof Etcd["keys"],
  other: keyof Etcd["keys"],
): Problem | undefined {
  if (!(written in keys) || other in keys) return undefined;
  return error(
    [...path, written],
    `there is ${written} and no ${other}`,
    "Each is of no use without the other.",
    `write ${other} too, or remove ${written}`,
    "key",
  );
}
