/** `floatip run`: how do machine, daemon and control socket come together? In this one place, in the foreground. */
import { messageOf } from "../error.ts";
import type { Config } from "../config/config.ts";
import { demandCredential } from "../config/credential_files.ts";
import type { Loaded } from "../config/load.ts";
import type { StatusDocument } from "../control/api.ts";
import { printMetrics } from "../control/metrics.ts";
import { type Listen, MetricsServer } from "../control/metrics_server.ts";
import { ControlServer, RunDirTaken } from "../control/server.ts";
import { DEFAULT_RUN_DIR, socketPath } from "../control/socket.ts";
import { Daemon } from "../daemon/daemon.ts";
import { rehearse } from "../daemon/rehearsal.ts";
import { HistoryFile } from "../history/history_file.ts";
import type { DaemonEntry } from "../history/line.ts";
import { DEFAULT_STATE_DIR } from "../history/place.ts";
import { LinuxHost } from "../linux/linux_host.ts";
import { SdNotify } from "../linux/sd_notify.ts";
import { Notifier } from "../notify/notifier.ts";
import { RunnerClient } from "../runner/client.ts";
import { formatIp } from "../net/ip.ts";
import { formatWallTime } from "../time.ts";
import { VERSION } from "../version.ts";
import { capabilityHint, missingCapabilities, purposesOf } from "./capabilities.ts";
import { DEFAULT_CONFIG_FILE, readConfiguration } from "../cli/configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../cli/exit.ts";
import { isJournal, Journal, journaldFormat, type Level, plainFormat } from "./log.ts";
import { kept } from "./state_files.ts";
import { loadApart } from "./load_apart.ts";
import { Orders } from "./orders.ts";
import { countProblems, problemLine, problemsText } from "../cli/problems_text.ts";
import { Reloader, type ReloaderOptions } from "./reload.ts";
import { Service, watchdogOf } from "./systemd.ts";
import type { Terminal } from "../cli/terminal.ts";

/** Flags of `floatip run`. */
export interface RunFlags {
  readonly config?: string | undefined;
  readonly node?: string | undefined;
  readonly runDir?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly logLevel?: Level | undefined;
  readonly noRealTime?: boolean | undefined;
}

type Sound = Extract<Loaded, { kind: "config" }>;

/** `floatip run`: comes back after an orderly stop. */
export async function run(terminal: Terminal, flags: RunFlags): Promise<ExitCode> {
  const file = absolute(flags.config ?? DEFAULT_CONFIG_FILE);
  const runDir = flags.runDir ?? DEFAULT_RUN_DIR;
  const { config, warnings } = await soundConfiguration(file, terminal);
  demandCapabilities();
  await using journal = openJournal(flags.logLevel ?? "info", warnings);
  using runner = openRunner();
  const runnerReady = runner?.start(config);
  await using host = new LinuxHost(runner);
  if (flags.noRealTime !== true) wantRealTime(host, journal);
  await rehearse();
  const stateDir = flags.stateDir ?? DEFAULT_STATE_DIR;
  await using history = openHistory(stateDir, journal);
  await using notifier = openNotifier(config, runner, journal);
  using line = openLine(journal);
  const service: Service | undefined = line &&
    serviceOf(line, journal, () => daemon.status().instances);
  const daemon = new Daemon({
    host,
    config,
    nodeName: flags.node,
    configFile: file,
    journal,
    observers: [history, notifier, ...(service === undefined ? [] : [service])],
    onTurn: (now) => service?.turn(now),
    ...kept(runDir, stateDir, journal),
  });
  const orders = new Orders(daemon);
  const now = (): string => formatWallTime(host.wallTime());
  const note = (what: DaemonEntry["what"]) => history.add({ kind: "daemon", time: now(), what });
  const apply = applyBy(daemon, (config) => {
    runner?.reload();
    notifier.reconfigure(config);
    note("reloaded");
    return exporter.settle(listenOf(config));
  });
  const reloader = new Reloader({ file, load: loadApart, journal, service, apply, now });
  const status = (): StatusDocument => statusOf(daemon, reloader, exporter, notifier);
  const metrics = (): string => printMetrics(status(), daemon.metrics());
  await using exporter = new MetricsServer({ print: metrics, journal });
  await using _server = openControl(runDir, {
    ...orders.answers(),
    status,
    metrics,
    reload: () => reloader.reload(),
    testNotify: async () => ({ results: await notifier.test(now()) }),
  });
  obeySignals(daemon, reloader, service);
  journal.write("info", `floatip ${VERSION} runs ${file}, control socket ${socketPath(runDir)}`);
  exporter.settle(listenOf(config));
  note("started");
  await runnerReady;
  const ending = await daemon.run().finally(() => {
    reloader.end();
    orders.end();
  });
  note(ending);
  journal.write("info", ending === "stopped" ? "stopped in order" : "ends to be started anew");
  return EXIT.ok;
}

function absolute(file: string): string {
  return file.startsWith("/") ? file : `${Deno.cwd()}/${file}`;
}

async function soundConfiguration(file: string, terminal: Terminal): Promise<Sound> {
  const loaded = await readConfiguration(file, demandCredential);
  if (loaded.kind === "config") return loaded;
  terminal.error(problemsText(loaded.problems));
  const sentence = `not started: ${countProblems(loaded.problems)} in ${file}`;
  throw new Failure(
    EXIT.invalid,
    sentence,
    `Mend the file; \`floatip check ${file}\` looks again.`,
  );
}

function demandCapabilities(): void {
  const missing = missingCapabilities(["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  if (missing.length === 0) return;
  throw new Failure(
    EXIT.notPermitted,
    `this user may not ${purposesOf(missing)}`,
    capabilityHint(missing, "run"),
  );
}

/** Where it is not permitted, all works but for what a busy machine delays. */
function wantRealTime(host: LinuxHost, journal: Journal): void {
  const answer = host.wantRealTime();
  if (answer === "got") return;
  journal.write(
    "warning",
    `no real-time scheduling: ${answer.words}. On a busy machine adverts may be late, and nodes ` +
      "take over from one that is well; CAP_SYS_NICE permits it, --no-real-time does without",
  );
}

function openHistory(stateDir: string, journal: Journal): HistoryFile {
  const complain = (words: string) => journal.write("warning", `history: ${words}`);
  return new HistoryFile({ stateDir, complain });
}

function openJournal(level: Level, warnings: Sound["warnings"]): Journal {
  const stream = Deno.env.get("JOURNAL_STREAM");
  const format = isJournal(stream, statStderr()) ? journaldFormat : plainFormat;
  const journal = new Journal(level, Deno.stderr, format);
  for (const warning of warnings) journal.write("warning", problemLine(warning));
  return journal;
}

function statStderr(): Deno.FileInfo | undefined {
  try {
    return Deno.statSync("/proc/self/fd/2");
  } catch {
    return undefined;
  }
}

function openNotifier(
  config: Config,
  runner: RunnerClient | undefined,
  journal: Journal,
): Notifier {
  return new Notifier(config, {
    replace: (instance, kind, sink) => runner?.sink(instance, kind, sink) ?? sink,
    tell: (level, words) => journal.write(level, words),
  });
}

/** The line to whoever runs programs for a daemon that may not, where the unit names one. */
function openRunner(): RunnerClient | undefined {
  const path = Deno.env.get("FLOATIP_RUNNER");
  return path === undefined || path === "" ? undefined : new RunnerClient(path);
}

/** The line to systemd, where it started this process and wants to hear of it. */
function openLine(journal: Journal): SdNotify | undefined {
  const path = Deno.env.get("NOTIFY_SOCKET");
  if (path === undefined || path === "") return undefined;
  try {
    return new SdNotify(path);
  } catch (error) {
    journal.write("warning", `systemd is not told how things stand: ${messageOf(error)}`);
    return undefined;
  }
}

function serviceOf(
  line: SdNotify,
  journal: Journal,
  instances: () => StatusDocument["instances"],
): Service {
  const watchdog = watchdogOf(Deno.env.toObject(), Deno.pid);
  const complain = (words: string): void =>
    journal.write("warning", `systemd does not hear how things stand: ${words}`);
  return new Service({ line, watchdog, instances, complain });
}

function openControl(
  runDir: string,
  answers: Parameters<typeof ControlServer.open>[1],
): ControlServer {
  try {
    return ControlServer.open(runDir, answers);
  } catch (error) {
    if (error instanceof RunDirTaken) {
      const hint = "`floatip status` shows it. A second one needs a --run-dir of its own.";
      throw new Failure(EXIT.failed, error.message, hint);
    }
    const denied = error instanceof Deno.errors.PermissionDenied;
    throw new Failure(
      denied ? EXIT.notPermitted : EXIT.failed,
      `the control socket ${socketPath(runDir)} cannot be opened: ${messageOf(error)}`,
      "Name a directory that can be written with --run-dir DIR.",
    );
  }
}

/** Puts a configuration in force in the loop's turn; `settle` does so outside the loop, and says what that changed. */
function applyBy(
  daemon: Daemon,
  settle: (config: Config) => readonly string[],
): ReloaderOptions["apply"] {
  return (config, tell) => {
    const reply = (changes: readonly string[]): void => tell([...changes, ...settle(config)]);
    daemon.submit({ kind: "reload", config, reply });
  };
}

/** What each of them knows. */
function statusOf(
  daemon: Daemon,
  reloader: Reloader,
  exporter: MetricsServer,
  notifier: Notifier,
): StatusDocument {
  const { attention, ...known } = daemon.status();
  const all = [...attention, ...exporter.attention()];
  return { ...known, ...reloader.status(), sinks: notifier.status(), attention: all };
}

/** Where [metrics] says that Prometheus asks. */
function listenOf({ metrics: { listen } }: Config): Listen | undefined {
  return listen && { hostname: formatIp(listen.address), port: listen.port };
}

/**
 * SIGTERM and SIGINT leave in order, SIGHUP reads the file again; SIGUSR1, by which keepalived writes its state to a file, means
 * nothing. For as long as the process lives: a second SIGTERM must not kill it while it puts things away.
 */
function obeySignals(
  daemon: Daemon,
  reloader: Reloader,
  service: Service | undefined,
): void {
  const stop = (): void => {
    service?.stopping();
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
