/** `floatip doctor`: problems of machine, LAN and peers, and how to fix them. */
import { sleep } from "../../async.ts";
import { plan } from "../../config/plan/plan_node.ts";
import type { Loaded } from "../../config/load.ts";
import { locate } from "../../config/locate.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { type ReportedFinding, runDoctor } from "../../tools/doctor/doctor.ts";
import type { DaemonSeen } from "../../tools/doctor/environment.ts";
import { type DoctorTarget, lanQueriesOf, placedPlans } from "../../tools/doctor/target.ts";
import { DEFAULT_STATE_DIR } from "../../history/place.ts";
import type { Endpoint } from "../../host.ts";
import { type Interfaces, linkNamed, primaryAddress } from "../../net/interfaces.ts";
import { formatDuration, milliseconds, type Nanoseconds } from "../../time.ts";
import { VERSION } from "../../version.ts";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { doctorJson, doctorLines } from "./text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { watchLan } from "../lan.ts";
import { look } from "../machine.ts";
import { askDaemon, realSurroundings } from "./environment.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip doctor`. */
export interface DoctorFlags {
  readonly json?: boolean | undefined;
  readonly config?: string | undefined;
  readonly node?: string | undefined;
  readonly runDir?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly for?: Nanoseconds | undefined;
}

/** How long a daemon may find out which node holds an address, and how often it is asked. */
const [SETTLING_MS, LOOK_AGAIN_MS] = [6000, 250];

/**
 * `floatip doctor`: 0 where nothing is to be mended, 1 where something is; warnings alone are no
 * failure.
 */
export async function doctor(terminal: Terminal, flags: DoctorFlags): Promise<ExitCode> {
  const runDir = flags.runDir ?? DEFAULT_RUN_DIR;
  const seen = await settled(runDir);
  // Each question to one that does not answer takes 5 s.
  const isSick = seen.kind === "silent" && seen.why === "sick";
  const ask = () => askDaemon(runDir);
  const first = await examine(terminal, flags, isSick ? () => Promise.resolve(seen) : ask);
  // What was seen before an address moved and after it makes no picture.
  const hasMoved = !isSick && statesIn(await ask()) !== statesIn(seen);
  const { target, reported, hostName } = hasMoved ? await examine(terminal, flags, ask) : first;
  const node = target.plan?.node.node ?? hostName;
  terminal.out(
    flags.json === true
      ? doctorJson(node, target.file, VERSION, reported)
      : `${doctorLines(node, VERSION, reported, terminal.paint).join("\n")}\n`,
  );
  return failed(reported) ? EXIT.failed : EXIT.ok;
}

/** The states of all instances, in one text; "": no daemon answers. */
function statesIn(seen: DaemonSeen): string {
  const instances = seen.kind === "running" ? seen.status.instances : [];
  return instances.map(({ state, since }) => `${state} ${since}`).join();
}

async function examine(terminal: Terminal, flags: DoctorFlags, ask: () => Promise<DaemonSeen>) {
  const { interfaces, hostName } = await look();
  const target = await subjectOf(flags, { interfaces, hostName });
  const time = flags.for ?? listeningTime(target);
  if (terminal.interactive && flags.json !== true) {
    terminal.error(
      `looking at this node, and listening for ${formatDuration(time)} ...${
        terminal.control("\r")
      }`,
    );
  }
  const wish = {
    time,
    questions: lanQueriesOf(target, interfaces),
    endpoints: endpointsOf(target, interfaces),
    vrids: [...new Set(placedPlans(target).map(({ rules }) => Number(rules.vrid)))],
    groupsOn: groupsOf(target),
    ports: portsOf(target),
  };
  const environment = realSurroundings(interfaces, ask, () => watchLan(wish));
  const reported = await runDoctor(target, environment);
  if (terminal.interactive && flags.json !== true) terminal.error(terminal.control("\x1b[K"));
  return { target, reported, hostName };
}

/** A daemon that has just started listens first: until then an address has no holder. */
async function settled(runDir: string): Promise<DaemonSeen> {
  const end = performance.now() + SETTLING_MS;
  for (;;) {
    const seen = await askDaemon(runDir);
    const isListening = seen.kind === "running" &&
      seen.status.instances.some(({ health }) => health === "listening");
    if (!isListening || performance.now() >= end) return seen;
    await sleep(LOOK_AGAIN_MS);
  }
}

function failed(reported: readonly ReportedFinding[]): boolean {
  return reported.some(({ mark }) => mark === "problem");
}

async function subjectOf(
  flags: DoctorFlags,
  machine: { readonly interfaces: Interfaces; readonly hostName: string },
): Promise<DoctorTarget> {
  const named = flags.config ?? DEFAULT_CONFIG_FILE;
  const file = named.startsWith("/") ? named : `${Deno.cwd()}/${named}`;
  const stateDir = flags.stateDir ?? DEFAULT_STATE_DIR;
  const { load } = await import("../../config/load.ts");
  // One that is not there has no line to mend.
  const there = await Deno.stat(file).then(() => true, () => false);
  const loaded: Loaded = await load(file);
  if (loaded.kind === "problems") {
    const problems = loaded.problems.map((one) => there ? one : { ...one, line: 0 });
    return { file, stateDir, problems, plan: undefined };
  }
  const { config, warnings, text } = loaded;
  const { node, problems } = plan(config, machine, flags.node, undefined);
  const here = await locate(problems, text, file);
  return { file, stateDir, problems: [...warnings, ...here], plan: { config, node } };
}

/**
 * A master that is there is heard within three of its intervals; two seconds at least, for those
 * who answer late.
 */
function listeningTime(target: DoctorTarget): Nanoseconds {
  const intervals = placedPlans(target).map(({ rules }) => rules.advertInterval);
  const longest = Math.max(0, ...intervals) * 3 + milliseconds(500);
  return Math.max(milliseconds(2000), longest) as Nanoseconds;
}

/** Where it matters who hears multicast. */
function groupsOf(target: DoctorTarget): readonly string[] {
  const speaking = placedPlans(target).filter(({ family, rules }) =>
    family === "ipv4" && rules.transport === "multicast"
  );
  return [...new Set(speaking.map((plan) => plan.interface))];
}

/**
 * The UDP ports of adverts: this node's, and the usual one, which a peer's file may say instead.
 */
function portsOf(target: DoctorTarget): readonly number[] {
  const ports = placedPlans(target).flatMap(({ port }) => port ?? []);
  return [...new Set([DEFAULT_UDP_PORT, ...ports])];
}

/**
 * Where the daemon would hear, but for UDP, which it alone can: what arrives on the wire and not
 * there is lost on this machine.
 */
function endpointsOf(target: DoctorTarget, interfaces: Interfaces): readonly Endpoint[] {
  return placedPlans(target).flatMap((plan): readonly Endpoint[] => {
    const { family, interface: name, rules } = plan;
    if (rules.transport === "udp") return [];
    if (rules.transport === "multicast") return [{ kind: "multicast", family, interface: name }];
    const link = linkNamed(interfaces, name);
    const source = plan.source ??
      (link && primaryAddress(interfaces, link, family, rules.addresses, rules.peers));
    return source === undefined ? [] : [{ kind: "unicast", family, source, interface: name }];
  });
}
