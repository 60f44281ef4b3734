/** Mistakes of [metrics]. */
import { type Misuse, WEB } from "./misuse.ts";

function one(title: string, listen: string, ...expected: readonly string[]): Misuse {
  return { title, toml: `${WEB}\n[metrics]\nlisten = ${listen}\n`, expected };
}

/** Mistakes of metrics. */
export const METRICS: readonly Misuse[] = [
  one("a port alone", "9112", "error metrics.listen"),
  one("a port without its address", '":9112"', "error metrics.listen"),
  one("an address without its port", '"0.0.0.0"', "error metrics.listen"),
  one("a name to listen at", '"localhost:9112"', "error metrics.listen"),
  one("a port that is none", '"127.0.0.1:65536"', "error metrics.listen"),
  one("a port that any would do for", '"127.0.0.1:0"', "error metrics.listen"),
  one("IPv6 without brackets", '"::1:9112"', "error metrics.listen"),
  one("IPv4 in brackets", '"[127.0.0.1]:9112"', "error metrics.listen"),
  one("a group to listen at", '"224.0.0.18:9112"', "error metrics.listen"),
  one("a URL to listen at", '"http://127.0.0.1:9112/metrics"', "error metrics.listen"),
  one("the floating address to listen at", '"192.168.1.50:9112"', "warning metrics.listen"),
  {
    title: "metrics switched on as such",
    toml: `metrics = true\n${WEB}`,
    expected: ["error metrics"],
  },
  {
    title: "Prometheus's table and port",
    toml: `${WEB}\n[prometheus]\nport = 9112\n`,
    expected: ["error prometheus"],
  },
  {
    title: "metrics' port",
    toml: `${WEB}\n[metrics]\nport = 9200\n`,
    expected: ["error metrics.port"],
  },
];
