/** [metrics]: where Prometheus may ask, besides the control socket. */
import { formatIp } from "../../net/ip.ts";
import { type Rule, warning } from "../problem.ts";
import { floats, type Holder } from "./address.ts";
import type { Keys, TableDraft } from "./key.ts";
import { listenAddress } from "./types.ts";

/** [metrics] */
export const METRICS = {
  listen: {
    type: listenAddress(
      'an address of this machine and a port, such as "127.0.0.1:9112" or "[::1]:9112"',
    ),
    absent: "none: metrics are on the control socket only",
    what: "Where http://ADDRESS:PORT/metrics answers Prometheus; 0.0.0.0 is every address.",
    why: "A name would have to be looked up first, and a port alone does not say which machines " +
      "may ask.",
    example: "127.0.0.1:9112",
    synonyms: ["address", "addr", "bind", "port", "listen_address", "http", "endpoint"],
  },
} as const satisfies Keys;

/** What is wrong with it. */
export const METRICS_RULES: readonly Rule<TableDraft<typeof METRICS>, readonly Holder[]>[] = [
  ({ path, keys: { listen } }, instances) => {
    const holder = listen && instances.find((instance) => floats(instance, listen.address));
    if (listen === undefined || holder === undefined) return undefined;
    const { address, port } = listen;
    return warning(
      [...path, "listen"],
      `metrics listen at ${formatIp(address)}, the floating address of instance ${holder.name}`,
      "Only the master has it: the other nodes could not be asked.",
      `listen = "${address.family === "ipv6" ? "[::]" : "0.0.0.0"}:${port}"`,
    );
  },
];
