/** Which sinks does a [notify] ask for? */
import { toMilliseconds } from "../time.ts";
import type { NotifySettings } from "../config/config.ts";
import { commandSink, stateSink } from "./command.ts";
import { ntfySink } from "./ntfy.ts";
import { type Sink, untold } from "./sink.ts";
import { webhookSink } from "./webhook.ts";

/** The kinds of sink: each [notify] has at most one of each. */
export type SinkKind = "command" | "states" | "webhook" | "ntfy" | "mqtt";

/** The sinks of one [notify], in the order in which they are shown. */
export function sinksOf(settings: NotifySettings): ReadonlyMap<SinkKind, Sink> {
  const { command, user, webhook, ntfy, mqtt } = settings;
  const timeoutMs = Math.max(1, Math.round(toMilliseconds(settings.timeout)));
  const sinks = new Map<SinkKind, Sink>();
  const programs = programsOf(settings);
  if (Object.keys(programs).length > 0) sinks.set("states", stateSink(programs, user, timeoutMs));
  if (command !== undefined) sinks.set("command", commandSink(command, user, timeoutMs));
  if (webhook !== undefined) sinks.set("webhook", webhookSink(webhook, timeoutMs));
  if (ntfy !== undefined) sinks.set("ntfy", ntfySink(ntfy, timeoutMs));
  if (mqtt !== undefined) sinks.set("mqtt", notYet("mqtt"));
  return sinks;
}

/** A sink that the file may name and this version cannot tell: better a failure in status than silence. */
function notYet(name: string): Sink {
  const answer = untold(`${name} is not in this version yet`, false);
  const deliver = (): Promise<typeof answer> => Promise.resolve(answer);
  return { name, timeoutMs: 1, retries: 0, wants: () => true, deliver };
}

function programsOf({ onMaster, onBackup, onFault }: NotifySettings): Parameters<
  typeof stateSink
>[0] {
  return {
    ...(onMaster === undefined ? {} : { master: onMaster }),
    ...(onBackup === undefined ? {} : { backup: onBackup }),
    ...(onFault === undefined ? {} : { fault: onFault }),
  };
}
