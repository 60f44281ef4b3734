/** Which commands are there, what do they take, and what does their help teach? Each is loaded when it is called. */
import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type CommandContext,
  text_en,
} from "@stricli/core";
import { DEFAULT_CONFIG_FILE } from "./configuration_file.ts";
import { DEFAULT_STATE_DIR } from "../history/place.ts";
import { VERSION } from "../version.ts";
import type { CheckFlags } from "./check.ts";
import type { EventsFlags } from "./events.ts";
import type { ExitCode } from "./exit.ts";
import {
  configFlag,
  jsonFlag,
  nodeFlag,
  parseMoment,
  parseTime,
  runDirFlag,
  text,
} from "./flags.ts";
import type { ListenFlags } from "./listen.ts";
import type { NotifyTestFlags } from "./notify_test.ts";
import type { ReloadFlags } from "./reload.ts";
import type { RunFlags } from "./run.ts";
import type { StatusFlags } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { describeUsageError, didYouMean } from "./usage.ts";
import type { VersionFlags } from "./version.ts";

/** A command with its flags and arguments, ready to be called. */
export type Chosen = (terminal: Terminal) => Promise<ExitCode>;

/** What the parser leaves behind: it only chooses, main.ts calls. */
export interface Context extends CommandContext {
  chosen: Chosen | undefined;
}

/** The function of one verb's file. */
type Verb<Flags, Args extends readonly unknown[]> = (
  terminal: Terminal,
  flags: Flags,
  ...args: Args
) => Promise<ExitCode>;

/** Defers a verb's file until its command was chosen: `status` does not pay for what `run` needs. */
function choose<Flags, Args extends readonly unknown[]>(load: () => Promise<Verb<Flags, Args>>) {
  return function (this: Context, flags: Flags, ...args: Args): void {
    this.chosen = async (terminal) => (await load())(terminal, flags, ...args);
  };
}

const run = buildCommand<RunFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).run),
  parameters: {
    flags: {
      config: configFlag,
      node: nodeFlag,
      runDir: runDirFlag,
      stateDir: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "DIR",
        brief: "The state directory with the history (/var/lib/floatip)",
      },
      logLevel: {
        kind: "enum",
        values: ["debug", "info", "warning", "error"],
        optional: true,
        brief: "How much is logged (info)",
      },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Run the daemon in the foreground",
    fullDescription: [
      "Elects a master among the nodes of the configuration file, and holds the floating addresses",
      "while this node is it. The log goes to standard error, one line for each thing that happens,",
      "with its reason. Needs root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW.",
      "",
      "SIGTERM and Ctrl-C leave in order: addresses away, the others told, exit code 0.",
      "SIGHUP reads the file again, as `floatip reload` does.",
      "",
      "EXAMPLES",
      "  floatip run",
      "  floatip run -c ./floatip.toml --run-dir /tmp/floatip --log-level debug",
      "",
      "Before: `floatip check`. After, in another window: `floatip status --watch`.",
    ].join("\n"),
  },
});

const status = buildCommand<StatusFlags, [], Context>({
  func: choose(async () => (await import("./status.ts")).status),
  parameters: {
    flags: {
      json: jsonFlag("Everything that is known, as one JSON document"),
      watch: jsonFlag("Go on and on: redrawn each second, or printed at each change in a pipe"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Show who holds which address, since when and why",
    fullDescription: [
      "Asks the daemon on this node. In VRRP only the master speaks, so a backup that was never",
      "master is listed as not heard: that is normal. What a person should look at comes last,",
      "under `attention`.",
      "",
      "EXIT CODES",
      "  0  every address is held by one node",
      "  1  an instance is in fault, does not know yet, or something is under `attention`",
      "  2  nobody, or two nodes, hold an address, as far as this node can tell",
      "  4  the daemon is not running     5  not permitted to ask it",
      "",
      "EXAMPLES",
      "  floatip status",
      "  floatip status --watch",
      "  floatip status --json | jq -r '.instances[] | .name + \" \" + .state'",
      "",
      "Next: `floatip listen` shows what all others say on the LAN.",
    ].join("\n"),
  },
});

const check = buildCommand<CheckFlags, [file?: string | undefined], Context>({
  func: choose(async () => (await import("./check.ts")).check),
  parameters: {
    flags: {
      json: jsonFlag("The problems and what this node would do, as one JSON document"),
      config: configFlag,
      node: nodeFlag,
    },
    aliases: { c: "config" },
    positional: {
      kind: "tuple",
      parameters: [{
        parse: text,
        optional: true,
        placeholder: "FILE",
        brief: `The file to check (${DEFAULT_CONFIG_FILE})`,
      }],
    },
  },
  docs: {
    brief: "Say everything that is wrong with a configuration file",
    fullDescription: [
      "Reads the file and names every problem with its place, what is wrong, why that matters and",
      "the corrected line. Then holds the file against this machine: is the interface there, does an",
      "address fit its subnet, may this user do it. Changes nothing, and needs no running daemon.",
      "",
      "EXIT CODES",
      "  0  the file is right and fits this machine",
      "  1  the file is right, this machine does not fit it",
      "  3  the file is wrong",
      "",
      "EXAMPLES",
      "  floatip check",
      "  floatip check ./floatip.toml",
      "  floatip check ./floatip.toml --node pi-b",
      "",
      "Next: `floatip run`, or `floatip reload` where it runs already.",
    ].join("\n"),
  },
});

const reload = buildCommand<ReloadFlags, [], Context>({
  func: choose(async () => (await import("./reload.ts")).reload),
  parameters: {
    flags: { json: jsonFlag("The answer as one JSON document"), runDir: runDirFlag },
  },
  docs: {
    brief: "Have the daemon read its configuration file again",
    fullDescription: [
      "The daemon validates the whole file first. Where it is right, the difference is applied, and",
      "instances that did not change notice nothing. Where it is wrong, the problems are printed, the",
      "old configuration stays in force, and the exit code is 3.",
      "",
      "EXAMPLES",
      "  floatip reload",
      "  floatip check && floatip reload",
      "",
      "Next: `floatip status`.",
    ].join("\n"),
  },
});

const events = buildCommand<EventsFlags, [], Context>({
  func: choose(async () => (await import("./events.ts")).events),
  parameters: {
    flags: {
      follow: jsonFlag("Go on with what happens from now on, until Ctrl-C"),
      since: {
        kind: "parsed",
        parse: parseMoment,
        optional: true,
        placeholder: "T",
        brief: "Only from this moment on: 10m, 2h or 1d ago, or 2026-11-21T03:04:05Z",
      },
      instance: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "NAME",
        brief: "Only of this instance",
      },
      json: jsonFlag("One JSON object for each entry, one per line"),
      stateDir: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "DIR",
        brief: `The state directory with the history (${DEFAULT_STATE_DIR})`,
      },
    },
    aliases: { f: "follow", i: "instance" },
  },
  docs: {
    brief: "Show what has happened on this node, when and why",
    fullDescription: [
      "One line for each change of an instance, oldest first, in local time: from which state to which,",
      "and the cause with its evidence. `(planned)` is what somebody wanted: a start, a stop, a reload.",
      "A near miss is a backup that almost took over from a master that still lives: one more lost",
      "advert, and two nodes would have held the address.",
      "",
      "Reads a file, so it works while the daemon does not run. Every node has its own; it holds some",
      "thousand entries and never grows over 1 MiB: the oldest go first.",
      "",
      "EXIT CODES",
      "  0  done, also where nothing has happened yet",
      "  5  not permitted to read the history",
      "",
      "EXAMPLES",
      "  floatip events",
      "  floatip events --since 1d --instance web",
      "  floatip events --follow",
      '  floatip events --json | jq -r \'select(.to == "master") | .time + " " + .instance\'',
      "",
      "Next: `floatip status` shows how things are now.",
    ].join("\n"),
  },
});

const listen = buildCommand<ListenFlags, [], Context>({
  func: choose(async () => (await import("./listen.ts")).listen),
  parameters: {
    flags: {
      interface: {
        kind: "parsed",
        parse: text,
        optional: true,
        placeholder: "IF",
        brief: "Listen on this interface only (all)",
      },
      json: jsonFlag("One JSON object for each packet, one per line"),
      for: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        placeholder: "TIME",
        brief: "End after this time, such as 10s (at Ctrl-C)",
      },
    },
    aliases: { i: "interface" },
  },
  docs: {
    brief: "Decode all VRRP on the LAN, live",
    fullDescription: [
      "Shows every VRRP packet that reaches this machine, from floatip, keepalived or a router: who",
      "sent it, VRID, priority, version, interval, addresses, checksum form, and what is odd about",
      "it, such as two masters for one VRID. Sends nothing, and needs no configuration and no",
      "daemon. Needs root, or the capability CAP_NET_RAW.",
      "",
      "EXAMPLES",
      "  floatip listen",
      "  floatip listen --interface eth0 --for 10s",
      "  floatip listen --json | jq -c 'select(.odd != [])'",
      "",
      "A VRID that nobody is heard with after 10 s is likely free for an instance of yours.",
    ].join("\n"),
  },
});

const notifyTest = buildCommand<NotifyTestFlags, [], Context>({
  func: choose(async () => (await import("./notify_test.ts")).notifyTest),
  parameters: {
    flags: {
      json: jsonFlag("The answers as one JSON document"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Send one message through each command and service of [notify]",
    fullDescription: [
      "Has the running daemon tell each of its sinks once more how things are now, with the reason",
      '"test", and prints what each answered.',
      "",
      "EXIT CODES",
      "  0  all were told     1  some were not     4  the daemon is not running",
      "",
      "EXAMPLES",
      "  floatip notify-test",
      "",
      "Next: `floatip status` shows how deliveries went.",
    ].join("\n"),
  },
});

const version = buildCommand<VersionFlags, [], Context>({
  func: choose(async () => (await import("./version.ts")).version),
  parameters: { flags: { json: jsonFlag("As one JSON document") } },
  docs: { brief: "Print the version of floatip and of what it runs on" },
});

/** The whole command line. Its parser calls nothing: it leaves the chosen command in the context. */
export const APPLICATION: Application<Context> = buildApplication(
  buildRouteMap<string, Context>({
    // Without a prototype: `floatip constructor` is an unknown command like any other.
    routes: Object.assign(Object.create(null), {
      run,
      status,
      check,
      reload,
      events,
      listen,
      "notify-test": notifyTest,
      version,
    }),
    docs: {
      brief: "One address that stays up when a machine does not",
      fullDescription: [
        "floatip gives a few Linux machines one floating IP address: one node, the master, holds it,",
        "and when that node fails, another takes it within seconds. It speaks VRRP, so keepalived and",
        "routers may take part.",
        "",
        "BEGIN HERE",
        `  1. Write the same ${DEFAULT_CONFIG_FILE} on every node:`,
        "",
        "       [nodes]",
        '       pi-a = "192.168.1.11"',
        '       pi-b = "192.168.1.12"',
        "",
        "       [instance.web]",
        "       vrid = 51",
        '       addresses = ["192.168.1.50/24"]',
        '       prefer = ["pi-a", "pi-b"]',
        "",
        "  2. floatip check             is it right, and does it fit this machine?",
        "  3. floatip run               on every node, as root",
        "  4. floatip status --watch    then pull a cable",
        "",
        "`floatip COMMAND --help` explains a command with examples.",
      ].join("\n"),
    },
  }),
  {
    name: "floatip",
    versionInfo: { currentVersion: `floatip ${VERSION}` },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { caseStyle: "convert-camel-to-kebab", onlyRequiredInUsageLine: false },
    localization: {
      text: {
        ...text_en,
        briefs: {
          ...text_en.briefs,
          help: "Print this help",
          version: "Print the version",
          argumentEscapeSequence: "What follows is no flag, even where it begins with -",
        },
        noCommandRegisteredForInput: ({ input, corrections }) =>
          `there is no command ${JSON.stringify(input)}${didYouMean(corrections)}`,
        exceptionWhileParsingArguments: (error) => describeUsageError(error),
      },
    },
  },
);
