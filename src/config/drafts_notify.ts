/** What stands in a [notify], as far as it could be read, and what it is once it is sound? */
import { assert } from "../assert.ts";
import { seconds } from "../time.ts";
import type { MqttSettings, NotifySettings, NtfySettings, WebhookSettings } from "./config.ts";
import type { Path } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { readTable } from "./tables/read.ts";
import type { Draft, Keys } from "./tables/root.ts";
import { MQTT, NOTIFY, NTFY, WEBHOOK } from "./tables/notify.ts";
import { takeTextCommands } from "./tables/command.ts";

/** A sink with a URL: its own table, or a text that stands for { url = TEXT }. */
export interface SinkDraft<T extends Keys> {
  /** Its URL: the sink itself where it is a text. */
  readonly urlPath: Path;
  readonly path: Path;
  readonly keys: Draft<T>;
}

/** One [notify]. */
export interface NotifyDraft {
  readonly path: Path;
  /** Does nothing at all stand in it, not even something wrong? */
  readonly empty: boolean;
  readonly keys: Draft<typeof NOTIFY>;
  readonly webhook: SinkDraft<typeof WEBHOOK> | undefined;
  readonly ntfy: SinkDraft<typeof NTFY> | undefined;
  readonly mqtt: SinkDraft<typeof MQTT> | undefined;
}

/** The keys of [notify] that are commands. */
export const COMMANDS = ["command", "on_master", "on_backup", "on_fault", "on_stop"] as const;

/** Reads the [notify] at `path`. Whatever has not the right shape is reported and left out. */
export function readNotify(
  raw: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): NotifyDraft {
  const keys = readTable(NOTIFY, takeTextCommands(raw, COMMANDS, path, report), path, report);
  return {
    path,
    empty: Object.keys(raw).length === 0,
    keys,
    webhook: readSink(WEBHOOK, keys.webhook, [...path, "webhook"], report),
    ntfy: readSink(NTFY, keys.ntfy, [...path, "ntfy"], report),
    mqtt: readSink(MQTT, keys.mqtt, [...path, "mqtt"], report),
  };
}

function readSink<T extends Keys>(
  known: T,
  written: string | Readonly<Record<string, unknown>> | undefined,
  path: Path,
  report: Report,
): SinkDraft<T> | undefined {
  if (written === undefined) return undefined;
  const inline = typeof written === "string";
  const keys = readTable(known, inline ? { url: written } : written, path, report);
  return { path, urlPath: inline ? path : [...path, "url"], keys };
}

/** A sound draft as what it says. */
export function toNotify({ keys, webhook, ntfy, mqtt }: NotifyDraft): NotifySettings {
  return {
    command: keys.command,
    onMaster: keys.on_master,
    onBackup: keys.on_backup,
    onFault: keys.on_fault,
    onStop: keys.on_stop,
    user: keys.user,
    timeout: keys.timeout ?? seconds(30),
    webhook: webhook && toWebhook(webhook.keys),
    ntfy: ntfy && toNtfy(ntfy.keys),
    mqtt: mqtt && toMqtt(mqtt.keys),
  };
}

/** Attempts after the first where the file does not say. */
const RETRIES = 5;

function toWebhook({ url, secret, retries = RETRIES }: Draft<typeof WEBHOOK>): WebhookSettings {
  return { url: written(url), secret, retries };
}

function toNtfy({ url, token, retries = RETRIES }: Draft<typeof NTFY>): NtfySettings {
  return { url: written(url), token, retries };
}

function toMqtt(keys: Draft<typeof MQTT>): MqttSettings {
  const { url, user, password, ca, topic = "floatip", discovery = true } = keys;
  return { url: written(url), user, password, ca, topic: topic.replace(/\/+$/, ""), discovery };
}

function written(url: string | undefined): string {
  assert(url !== undefined, "a sink without a URL is a problem");
  return url;
}
