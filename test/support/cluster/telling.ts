/** Three nodes with floatip and [cluster] on a simulated LAN, each of which tells the others. */
import type { NodeStatus } from "../../../src/control/api.ts";
import type { DaemonStatus } from "../../../src/daemon/status.ts";
import type { Nanoseconds } from "../../../src/time.ts";
import { Cluster, configFrom } from "../../sim/cluster.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";

const FILE = `[nodes]
n1 = { address = "10.0.0.1", links = ["10.9.0.1"] }
n2 = { address = "10.0.0.2", links = ["10.9.0.2"] }
n3 = { address = "10.0.0.3", links = ["10.9.0.3"] }

[cluster]
secret = "${SECRET}"

[instance.web]
vrid = 51
addresses = ["10.0.0.50/24"]
prefer = ["n1", "n2", "n3"]
checks = ["nginx"]

[check.nginx]
http = "http://127.0.0.1/"
interval = "2s"
`;

/** The file with its parts replaced: what is to go, and what comes in its place. */
export function file(...changes: readonly (readonly [string, string])[]) {
  return configFrom(changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new RangeError(`the file has no ${from}`);
    return text.replaceAll(from, to);
  }, FILE));
}

/** In the place of the secret. */
export const ANOTHER_SECRET = [SECRET, "Zx9cV8bN7mA6sD5fG4hJ3kL2qW1eR0tY9uI8oP7aS6c"] as const;

/** The nodes, and what each knows of the others. */
export class TellingNodes {
  readonly cluster: Cluster;

  constructor(names: readonly string[] = ["n1", "n2", "n3"], config = file(), seed = 1) {
    this.cluster = new Cluster(seed);
    for (const [index, name] of ["n1", "n2", "n3"].entries()) {
      this.cluster.createNode(name, [
        { name: "eth0", segment: "lan", addresses: [`10.0.0.${index + 1}/24`] },
        { name: "eth1", segment: "link", addresses: [`10.9.0.${index + 1}/24`] },
      ]);
      this.cluster.setConfig(name, config);
    }
    for (const name of names) this.cluster.start(name);
  }

  async run(duration: Nanoseconds): Promise<void> {
    await this.cluster.lan.run(duration);
  }

  /** What `name` says now. */
  status(name: string): DaemonStatus {
    const status = this.cluster.status(name);
    if (status === undefined) throw new RangeError(`${name} does not run`);
    return status;
  }

  /** What `by` knows of `name`. */
  node(by: string, name: string): NodeStatus {
    const found = this.status(by).nodes.find((one) => one.name === name);
    if (found === undefined) throw new RangeError(`${by} does not know ${name}`);
    return found;
  }

  /** "n2 up, n3 lost", as `by` sees the others. */
  states(by: string): string {
    return this.status(by).nodes.filter(({ self }) => !self)
      .map(({ name, state }) => `${name} ${state}`).join(", ");
  }
}
