/** [web]: the page on which people see who holds the addresses, and what it asks of them. */
import { formatIp, isUnspecified, sameIp } from "../../net/ip.ts";
import { error, type Problem, type Rule, warning } from "../problem.ts";
import { floats, type Holder } from "./address.ts";
import type { Keys, TableDraft } from "./key.ts";
import type { METRICS } from "./metrics.ts";
import { type ListenAddress, listenAddress, oneOrList, text } from "./types.ts";

/** Addresses that one page may have. */
const MOST_ADDRESSES = 8;

/** [web] */
export const WEB = {
  listen: {
    type: oneOrList(
      listenAddress('an address of this machine and a port, such as "127.0.0.1:9113"'),
      MOST_ADDRESSES,
      'an address of this machine and a port, such as "127.0.0.1:9113", or a list of at most ' +
        `${MOST_ADDRESSES}`,
    ),
    absent: "none: there is no page",
    what: "Where http://ADDRESS:PORT/ shows the cluster to a browser; 0.0.0.0 is every address, " +
      "floating ones too.",
    why: "A name would have to be looked up first, and a port alone does not say which machines " +
      "may ask.",
    example: "127.0.0.1:9113",
    synonyms: ["address", "addr", "bind", "port", "listen_address", "http", "endpoint"],
  },
  password: {
    type: text(
      /^[ -~]{8,255}$/,
      'a text of 8 to 255 characters of ASCII, or { credential = "NAME" }',
    ),
    absent: "none: the page shows, and changes nothing",
    what: "What the page asks for before it hands over or switches maintenance.",
    why: "A short one is soon guessed, and a browser could not send other characters.",
    title: "the password of the page",
    example: { credential: "web" },
    synonyms: ["pass", "secret", "auth", "token"],
    secret: true,
    of: ["listen"],
  },
} as const satisfies Keys;

/** What the rules need to know of the file. */
interface File {
  readonly instances: readonly Holder[];
  readonly metrics: TableDraft<typeof METRICS> | undefined;
}

/** What is wrong with it. */
export const WEB_RULES: readonly Rule<TableDraft<typeof WEB>, File>[] = [
  ({ path, keys: { listen = [] } }, { instances }) =>
    listen.filter((one) => one !== undefined).flatMap(({ address, port }): readonly Problem[] => {
      const holder = instances.find((instance) => floats(instance, address));
      if (holder === undefined) return [];
      return [warning(
        [...path, "listen"],
        `the page listens at ${formatIp(address)}, the floating address of instance ` +
          `${holder.name}`,
        "It could not be had at the start of the nodes that do not hold it.",
        `listen = "${address.family === "ipv6" ? "[::]" : "0.0.0.0"}:${port}"`,
      )];
    }),
  ({ path, keys: { listen = [] } }, { metrics }) => {
    const other = metrics?.keys.listen;
    const both = other && listen.find((one) => one !== undefined && isSamePlace(one, other));
    if (both === undefined) return undefined;
    return error(
      [...path, "listen"],
      `[metrics] listens at port ${both.port} too`,
      "Only one of them can have it; the page's server has /metrics as well.",
      "remove listen of [metrics], and let Prometheus ask here",
    );
  },
];

function isSamePlace(a: ListenAddress, b: ListenAddress): boolean {
  return a.port === b.port && a.address.family === b.address.family &&
    (sameIp(a.address, b.address) || isUnspecified(a.address) || isUnspecified(b.address));
}
