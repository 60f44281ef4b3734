/** The daemon with all that surrounds it: machine, control socket, history, notifications, log. */
import type { Config } from "../config/config.ts";
import { type LocatedProblem, problemLine } from "../config/problem.ts";
import type { StatusDocument } from "../control/api.ts";
import { type InParts, silently } from "../async.ts";
import { jsonParts } from "../control/json_parts.ts";
import { metricParts, type MetricsSnapshot } from "../control/metrics.ts";
import { type ControlAnswers, ControlServer, NotASocket, RunDirTaken } from "../control/server.ts";
import { socketPath } from "../control/socket.ts";
import { Daemon } from "../daemon/daemon.ts";
import { rehearse } from "../daemon/rehearsal.ts";
import { messageOf } from "../error.ts";
import { HistoryFile } from "../history/history_file.ts";
import type { DaemonEntry } from "../history/line.ts";
import { LinuxHost } from "../linux/linux_host.ts";
import { SdNotify } from "../linux/sd_notify.ts";
import type { MqttOrders } from "../notify/maintenance_switch.ts";
import { Notifier } from "../notify/notifier.ts";
import { RunnerClient } from "../runner/client.ts";
import { formatWallTime } from "../time.ts";
import { VERSION } from "../version.ts";
import type { WebSource } from "../web/source.ts";
import { Commands } from "./commands.ts";
import { mqttOrders } from "./mqtt_orders.ts";
import { loadApart } from "./load_apart.ts";
import { type Level, Log } from "./log.ts";
import { Ports } from "./ports.ts";
import { Reloader } from "./reload.ts";
import { stateFiles } from "./state_files.ts";
import { Systemd, watchdogOf } from "./systemd.ts";

/** How the service is started. */
export interface ServiceOptions {
  /** The whole path of the configuration file, which a reload reads again. */
  readonly file: string;
  readonly config: Config;
  /** Warnings of the file, for the log. */
  readonly warnings: readonly LocatedProblem[];
  /** The node of [nodes] that this is; undefined: found by its addresses. */
  readonly nodeName: string | undefined;
  readonly runDir: string;
  readonly stateDir: string;
  readonly logLevel: Level;
  /** Take real-time scheduling where it is permitted. */
  readonly realTime: boolean;
}

/** The service could not be started. */
export class StartError extends Error {
  override readonly name = "StartError";
  constructor(
    /** "taken": another daemon has the runtime directory. */
    readonly trouble: "taken" | "not-permitted" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/** Runs until an orderly stop, or a restart in place. Rejects with StartError. */
export async function runService(options: ServiceOptions): Promise<void> {
  const { file, config, runDir, stateDir, warnings } = options;
  await using log = Log.toStderr(options.logLevel, warnings.map(problemLine));
  using runner = openRunner();
  const runnerReady = runner?.start(config);
  await using host = new LinuxHost(runner);
  if (options.realTime) takeRealTime(host, log);
  await warmUp(host);
  const complain = (text: string) => log.write("warning", `history: ${text}`);
  await using history = new HistoryFile({ stateDir, complain });
  const now = (): string => formatWallTime(host.wallTime());
  const orders = mqttOrders(() => commands, { history, log, now });
  await using notifier = openNotifier(config, runner, log, orders);
  using line = openNotifySocket(log);
  const systemd = line && systemdOn(line, log, () => instancesOf(daemon));
  const daemon: Daemon = new Daemon({
    host,
    config,
    nodeName: options.nodeName,
    configFile: file,
    journal: log,
    observers: [history, notifier, ...(systemd === undefined ? [] : [systemd])],
    onTurn: (now) => systemd?.turn(now),
    ...stateFiles(runDir, stateDir, log),
  });
  const commands = new Commands(daemon);
  const note = (what: DaemonEntry["what"]) => history.add({ kind: "daemon", time: now(), what });
  // The daemon changes in the loop's turn; the rest follows, and says what that changed.
  const apply = (config: Config, reply: (changes: readonly string[]) => void): void => {
    const done = (changes: readonly string[]): void => {
      runner?.reload();
      notifier.reconfigure(config);
      note("reloaded");
      reply([...changes, ...ports.settle(config)]);
    };
    daemon.submit({ kind: "reload", config, reply: done });
  };
  const reloader = new Reloader({ file, config, load: loadApart, log, systemd, apply, now });
  const attention = () => [...ports.attention(), ...history.attention()];
  const source = sourceOf(daemon, () => statusOf(daemon, reloader, notifier, attention()));
  await using ports = new Ports({ ...source, commands, history, stateDir, log, now });
  await using _server = openControl(runDir, {
    ...commands.answers(),
    ...source,
    reload: () => reloader.reload(),
    testNotify: async () => ({ results: await notifier.test(now()) }),
  });
  handleSignals(daemon, reloader, systemd);
  log.write("info", `floatip ${VERSION} runs ${file}, control socket ${socketPath(runDir)}`);
  ports.settle(config);
  note("started");
  await runnerReady;
  const ending = await daemon.run().finally(() => {
    reloader.end();
    commands.end();
  });
  note(ending);
  log.write("info", ending === "stopped" ? "stopped in order" : "stopped for a restart in place");
}

/** What takes time once is done before anything waits for it (decisions 0003 and 0072). */
async function warmUp(host: LinuxHost): Promise<void> {
  await rehearse();
  host.trimMemory();
}

function takeRealTime(host: LinuxHost, log: Log): void {
  const answer = host.wantRealTime();
  if (answer === "got") return;
  log.write(
    "warning",
    `no real-time scheduling: ${answer.words}. On a busy machine adverts may be late, and ` +
      "another node may take over. CAP_SYS_NICE permits it; --no-real-time switches it off",
  );
}

/** The command runner of the sandboxed daemon, where the unit names its socket. */
function openRunner(): RunnerClient | undefined {
  const path = Deno.env.get("FLOATIP_RUNNER");
  return path === undefined || path === "" ? undefined : new RunnerClient(path);
}

/** Commands of [notify] run in `runner` where there is one. */
function openNotifier(
  config: Config,
  runner: RunnerClient | undefined,
  log: Log,
  orders: MqttOrders,
): Notifier {
  return new Notifier(config, {
    orders,
    replace: (instance, kind, sink) => runner?.sink(instance, kind, sink) ?? sink,
    tell: (level, text) => log.write(level, text),
  });
}

/** The socket of sd_notify(3), where systemd started this process. */
function openNotifySocket(log: Log): SdNotify | undefined {
  const path = Deno.env.get("NOTIFY_SOCKET");
  if (path === undefined || path === "") return undefined;
  try {
    return new SdNotify(path);
  } catch (error) {
    log.write("warning", `cannot notify systemd: ${messageOf(error)}`);
    return undefined;
  }
}

function systemdOn(
  line: SdNotify,
  log: Log,
  instances: () => InParts<StatusDocument["instances"]>,
): Systemd {
  const watchdog = watchdogOf(Deno.env.toObject(), Deno.pid);
  const complain = (text: string): void => log.write("warning", `cannot notify systemd: ${text}`);
  return new Systemd({ line, watchdog, instances, complain });
}

function openControl(
  runDir: string,
  answers: Parameters<typeof ControlServer.open>[1],
): ControlServer {
  try {
    return ControlServer.open(runDir, answers);
  } catch (error) {
    if (error instanceof RunDirTaken) throw new StartError("taken", error.message);
    if (error instanceof NotASocket) throw new StartError("failed", error.message);
    throw new StartError(
      error instanceof Deno.errors.PermissionDenied ? "not-permitted" : "failed",
      `the control socket ${socketPath(runDir)} cannot be opened: ${messageOf(error)}`,
    );
  }
}

function* instancesOf(daemon: Daemon): InParts<StatusDocument["instances"]> {
  return (yield* daemon.status()).instances;
}

/** What is asked for by sockets and ports. */
function sourceOf(
  daemon: Daemon,
  document: () => InParts<StatusDocument>,
): Pick<WebSource, "status" | "states" | "metrics"> & Pick<ControlAnswers, "status"> {
  return {
    status: (more?: object) => statusText(document(), more),
    states: () => daemon.states(),
    metrics: () => metricsText(document(), daemon.metrics()),
  };
}

/** The document as JSON, with `more` at its end. */
function* statusText(document: InParts<StatusDocument>, more?: object): Generator<string> {
  yield* jsonParts({ ...yield* silently(document), ...more });
}

function* metricsText(
  document: InParts<StatusDocument>,
  reading: MetricsSnapshot,
): Generator<string> {
  yield* metricParts(yield* silently(document), reading);
}

/** The document of the daemon, with what only the parts around it know, all of one moment. */
function statusOf(
  daemon: Daemon,
  reloader: Reloader,
  notifier: Notifier,
  more: readonly string[],
): InParts<StatusDocument> {
  const parts = daemon.status();
  const around = { ...reloader.status(), sinks: notifier.status() };
  return (function* () {
    const { attention, ...known } = yield* parts;
    return { ...known, ...around, attention: [...attention, ...more] };
  })();
}

/**
 * SIGTERM and SIGINT stop in order, SIGHUP reloads. SIGUSR1, by which keepalived writes its state
 * to a file, does nothing. Handled until the process ends: a second SIGTERM must not kill it while
 * it stops.
 */
function handleSignals(daemon: Daemon, reloader: Reloader, systemd: Systemd | undefined): void {
  const stop = (): void => {
    systemd?.stopping();
    daemon.submit({ kind: "stop" });
  };
  const reload = (): void => void reloader.reload();
  const nothing = (): void => {};
  const listeners = [
    ["SIGTERM", stop],
    ["SIGINT", stop],
    ["SIGHUP", reload],
    ["SIGUSR1", nothing],
  ] as const;
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
}
