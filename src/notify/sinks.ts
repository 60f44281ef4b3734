/** The sinks of a [notify]. */
import type { NotifySettings } from "../config/tables/notify.ts";
import { toMilliseconds } from "../time.ts";
import { commandSink, stateSink } from "./command.ts";
import { ntfySink, webhookSink } from "./http_sinks.ts";
import type { MqttOrders } from "./maintenance_switch.ts";
import { MqttSink } from "./mqtt.ts";
import type { Sink } from "./sink.ts";

/** The kinds of sink: each [notify] has at most one of each. */
export type SinkKind = "command" | "states" | "webhook" | "ntfy" | "mqtt";

/**
 * The sinks of one [notify], in the order of the status. `instance`: its owner; null: the file.
 * `resend`: a sink calls it after a disconnect, to get the present states again. `orders`: what the
 * daemon does for orders by MQTT.
 */
export function sinksOf(
  settings: NotifySettings,
  instance: string | null = null,
  resend: (kind: SinkKind) => void = () => {},
  orders?: MqttOrders,
): ReadonlyMap<SinkKind, Sink> {
  const { command, user, webhook, ntfy, mqtt } = settings;
  const timeoutMs = Math.max(1, Math.round(toMilliseconds(settings.timeout)));
  const sinks = new Map<SinkKind, Sink>();
  const programs = programsOf(settings);
  if (Object.keys(programs).length > 0) sinks.set("states", stateSink(programs, user, timeoutMs));
  if (command !== undefined) sinks.set("command", commandSink(command, user, timeoutMs));
  if (webhook !== undefined) sinks.set("webhook", webhookSink(webhook, timeoutMs));
  if (ntfy !== undefined) sinks.set("ntfy", ntfySink(ntfy, timeoutMs));
  if (mqtt !== undefined) {
    sinks.set("mqtt", new MqttSink(mqtt, instance, timeoutMs, () => resend("mqtt"), orders));
  }
  return sinks;
}

function programsOf({ onMaster, onBackup, onFault, onStop }: NotifySettings): Parameters<
  typeof stateSink
>[0] {
  return {
    ...(onMaster === undefined ? {} : { master: onMaster }),
    ...(onBackup === undefined ? {} : { backup: onBackup }),
    ...(onFault === undefined ? {} : { fault: onFault }),
    ...(onStop === undefined ? {} : { init: onStop }),
  };
}
