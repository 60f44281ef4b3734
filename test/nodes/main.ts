/**
 * What the status says on each of three booted Debians with the package, through what happens to
 * nodes: how soon each node's word is right, counted from when the thing has been done. Polls are
 * 0.1 s apart, on all nodes at one time.
 *
 *     deno task test-nodes     some minutes; needs root
 *
 * Prints a row for each thing that happens; exits with 1 where one took longer than 2 s.
 */
import type { NodeStatus, StatusDocument } from "../../src/control/api.ts";
import { VERSION } from "../../src/version.ts";
import { ensure } from "../support/lab/prerequisites.ts";
import type { Container } from "../support/lab/container.ts";
import { onePackage } from "../support/package/made.ts";
import { FILE, ThreeHosts } from "../support/package/three_hosts.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const OTHER_SECRET = "Zx9cV8bN7mA6sD5fG4hJ3kL2qW1eR0tY9uI8oP7aS6c";
const CONFIG = "/etc/floatip/floatip.toml";
const OTHER_VERSION = "9.9.9";
/** Best first. */
const [a, b, c] = ["pi-a", "pi-b", "pi-c"] as const;
const WITHIN_MS = 2000;
const EVERY_MS = 100;
const PATIENCE_MS = 20_000;

const CHECKED = FILE.replace('"pi-c"]\n', '"pi-c"]\nchecks = ["disk"]\n') +
  `[check.disk]\nfile = "/"\n`;

function file(secret = SECRET, text = CHECKED): string {
  return `${text}\n[cluster]\nsecret = "${secret}"\n`;
}

/** What is to be seen of a node. */
type Look = (node: NodeStatus, document: StatusDocument) => boolean;

interface Row {
  readonly what: string;
  readonly ms: Readonly<Record<string, number>>;
}

const isIn = (...states: readonly NodeStatus["state"][]): Look => ({ state }) =>
  states.includes(state);

/** The three, and what was measured. */
class Trial {
  readonly rows: Row[] = [];

  constructor(readonly three: ThreeHosts) {}

  machine(name: string): Container {
    return this.three.machine(name);
  }

  /** The document that the daemon of `by` gives now; undefined: it gives none. */
  async status(by: string): Promise<StatusDocument | undefined> {
    const path = this.machine(by).path("/run/floatip/control.sock");
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    try {
      const signal = AbortSignal.timeout(500);
      return await (await fetch("http://127.0.0.1/v1/status", { client, signal })).json();
    } catch {
      return undefined;
    }
  }

  /** `act`, and how soon each of `seers` shows of `name` what `look` wants. */
  async see(
    what: string,
    seers: readonly string[],
    name: string,
    look: Look,
    act: () => unknown = () => {},
  ): Promise<void> {
    await act();
    const start = performance.now();
    const found = await Promise.all(seers.map(async (by) => {
      for (;;) {
        const document = await this.status(by);
        const node = document?.nodes.find((one) => one.name === name);
        const ms = Math.round(performance.now() - start);
        if (document !== undefined && node !== undefined && look(node, document)) {
          return [by, ms] as const;
        }
        if (ms > PATIENCE_MS) {
          const { stdout } = await this.machine(by).exec(["floatip", "status"]);
          console.error(`${what}: not on ${by} within ${PATIENCE_MS} ms\n${stdout}`);
          return [by, Infinity] as const;
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    }));
    this.rows.push({ what, ms: Object.fromEntries(found) });
    console.log(`${what.padEnd(52)} ${found.map(([by, ms]) => `${by} ${ms} ms`).join(", ")}`);
  }

  /** What a person sees there. */
  async show(by: string): Promise<void> {
    const { stdout, code } = await this.machine(by).exec(["floatip", "status"]);
    console.log(`--- ${by}, exit ${code}\n${stdout}---`);
  }

  async install(name: string, text: string): Promise<void> {
    const machine = this.machine(name);
    machine.write(CONFIG, text);
    await machine.shell("systemctl enable -q floatip && systemctl restart floatip");
  }

  async pid(name: string): Promise<string> {
    const text = await this.machine(name).demand("systemctl", "show", "-p", "MainPID", "floatip");
    return text.trim().replace("MainPID=", "");
  }

  async quiet(): Promise<void> {
    const isWell: Look = ({ state, config, self }, { ready }) =>
      state === "up" && (self || config === "same") && ready?.["web"] === 3;
    const names = ["pi-a", "pi-b", "pi-c"];
    for (const name of names) {
      await this.see(`(all well: ${name})`, names, name, isWell);
    }
    this.rows.splice(-3);
  }
}

/** Two are started, then the third. */
async function starts(trial: Trial): Promise<void> {
  for (const name of [a, b]) await trial.install(name, file());
  await trial.see("pi-c was never started", [a, b], c, isIn("never-heard", "not-running"));
  await trial.install(c, file());
  await trial.see("pi-c is started", [a, b, c], c, isIn("up"));
  await trial.quiet();
  for (const name of [a, b, c]) await trial.show(name);
}

/** Cables are pulled: a backup's, then the master's. */
async function cables(trial: Trial): Promise<void> {
  const host = (name: string) => trial.three.lan.host(name);
  await trial.see("cable of the backup pi-c cut", [a, b], c, isIn("lost"), () => host(c).unplug());
  await trial.see("  the same on pi-c: pi-a", [c], a, isIn("lost"));
  await trial.see(
    "  the same on pi-c: itself",
    [c],
    c,
    ({ instances }) => instances[0]?.state === "fault",
  );
  await trial.show(c);
  await trial.see("cable of pi-c back", [a, b], c, isIn("up"), () => host(c).plug());
  await trial.quiet();

  await trial.see("cable of the master pi-a cut", [b, c], a, isIn("lost"), () => host(a).unplug());
  await trial.see("  the same on pi-a: pi-b", [a], b, isIn("lost"));
  await trial.show(a);
  await trial.see("cable of pi-a back", [b, c], a, isIn("up"), () => host(a).plug());
  await trial.quiet();
}

/** Processes are stopped and killed. */
async function kills(trial: Trial): Promise<void> {
  for (const [name, others] of [[a, [b, c]], [c, [a, b]]] as const) {
    const role = name === a ? "master" : "backup";
    // systemd would start it again within the time in which it is missed.
    await trial.machine(name).demand("systemctl", "kill", "-s", "STOP", "floatip");
    await trial.see(`SIGSTOP of the ${role} ${name}`, others, name, isIn("lost"));
    await trial.see(
      `SIGCONT of ${name}`,
      others,
      name,
      isIn("up"),
      () => trial.machine(name).demand("systemctl", "kill", "-s", "CONT", "floatip"),
    );
    await trial.quiet();
    await trial.machine(name).shell(
      "mkdir -p /run/systemd/system/floatip.service.d && " +
        "printf '[Service]\\nRestart=no\\n' > /run/systemd/system/floatip.service.d/no.conf && " +
        "systemctl daemon-reload",
    );
    await trial.see(
      `kill -9 of the ${role} ${name}`,
      others,
      name,
      isIn("lost"),
      async () => await trial.machine(name).demand("kill", "-9", await trial.pid(name)),
    );
    await trial.see(
      `${name} started again`,
      others,
      name,
      isIn("up"),
      () =>
        trial.machine(name).shell(
          "rm -r /run/systemd/system/floatip.service.d && systemctl daemon-reload && " +
            "systemctl reset-failed floatip; systemctl start floatip",
        ),
    );
    await trial.quiet();
  }
}

/** Maintenance, and a file that differs. */
async function maintenance(trial: Trial): Promise<void> {
  await trial.see(
    "pi-c in maintenance",
    [a, b, c],
    c,
    isIn("maintenance"),
    () =>
      trial.machine(c).demand("floatip", "maintenance", "on", "--for", "10m", "--reason", "disk"),
  );
  await trial.see(
    "maintenance over",
    [a, b, c],
    c,
    isIn("up"),
    () => trial.machine(c).demand("floatip", "maintenance", "off"),
  );
  await trial.quiet();

  const differing = file(SECRET, CHECKED.replace('file = "/"', 'file = "/"\ninterval = "5s"'));
  const isNamed: Look = ({ differs_in }) => differs_in.join() === "[check.disk] interval";
  trial.machine(c).write(CONFIG, differing);
  await trial.see(
    "pi-c's file differs, by key",
    [a, b],
    c,
    isNamed,
    () => trial.machine(c).demand("floatip", "reload"),
  );
  await trial.see("  the same on pi-c", [c], a, isNamed);
  trial.machine(c).write(CONFIG, file());
  await trial.machine(c).demand("floatip", "reload");
  await trial.quiet();
}

/** A node with another secret. */
async function secrets(trial: Trial): Promise<void> {
  await trial.see(
    "pi-c with another secret",
    [a, b],
    c,
    isIn("other-secret"),
    () => trial.install(c, file(OTHER_SECRET)),
  );
  await trial.see("  the same on pi-c", [c], a, isIn("other-secret"));
  await trial.see(
    "pi-c with the secret again",
    [a, b],
    c,
    isIn("up"),
    () => trial.install(c, file()),
  );
  await trial.quiet();
}

/** A node of another version. */
async function versions(trial: Trial): Promise<void> {
  const runs = (wanted: string): Look => ({ version }) => version === wanted;
  const scripts = "$(dpkg -L floatip | grep '[.]js$')";
  const edit = `s/"${VERSION}"/"${OTHER_VERSION}"/g`;
  const restart = "systemctl restart floatip";
  await trial.see(
    "pi-c runs another version",
    [a, b, c],
    c,
    runs(OTHER_VERSION),
    () =>
      trial.machine(c).shell(
        `for f in ${scripts}; do sed -i.as-it-was '${edit}' $f; done; ${restart}`,
      ),
  );
  await trial.show(a);
  await trial.see(
    "pi-c runs this version",
    [a, b, c],
    c,
    runs(VERSION),
    () => trial.machine(c).shell(`for f in ${scripts}; do mv $f.as-it-was $f; done; ${restart}`),
  );
  await trial.quiet();
}

/** A node stops in order, and reboots. */
async function leaves(trial: Trial): Promise<void> {
  await trial.see(
    "pi-c stopped in order",
    [a, b],
    c,
    isIn("left"),
    () => trial.machine(c).demand("systemctl", "stop", "floatip"),
  );
  await trial.see(
    "pi-c started",
    [a, b],
    c,
    isIn("up"),
    () => trial.machine(c).demand("systemctl", "start", "floatip"),
  );
  await trial.quiet();

  const booted = trial.three.reboot(c);
  await trial.see("pi-c reboots (from the order on)", [a, b], c, isIn("left"));
  await booted;
  await trial.see("pi-c has booted", [a, b, c], c, isIn("up"));
}

async function main(): Promise<number> {
  await ensure(["iproute2", "mmdebstrap", "systemd-container"]);
  await using three = await ThreeHosts.boot();
  await three.install(await onePackage("deb", VERSION));
  const trial = new Trial(three);
  for (const part of [starts, cables, kills, maintenance, secrets, versions, leaves]) {
    await part(trial);
  }
  const late = trial.rows.filter(({ ms }) => Object.values(ms).some((one) => one > WITHIN_MS));
  for (const { what, ms } of late) console.log(`later than 2 s: ${what}: ${JSON.stringify(ms)}`);
  return late.length === 0 ? 0 : 1;
}

Deno.exit(await main());
