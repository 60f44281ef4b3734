/** Which keys may [metrics] have? Where Prometheus may ask, besides the control socket. */
import type { Keys } from "./root.ts";
import { listenAddress } from "./types.ts";

/** [metrics] */
export const METRICS = {
  listen: {
    shape: listenAddress(),
    form: 'an address of this machine and a port, such as "127.0.0.1:9112" or "[::1]:9112"',
    default: "none: metrics are on the control socket only",
    what: "Where http://ADDRESS:PORT/metrics answers Prometheus; 0.0.0.0 is every address.",
    why:
      "A name would have to be looked up first, and a port alone does not say which machines may ask.",
    example: '"127.0.0.1:9112"',
    synonyms: ["address", "addr", "bind", "port", "listen_address", "http", "endpoint"],
  },
} as const satisfies Keys;
