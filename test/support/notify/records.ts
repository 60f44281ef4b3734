/** Records and plans for tests of notifications. */
import { milliseconds } from "../../../src/time.ts";
import type { NotifySettings } from "../../../src/config/tables/notify.ts";
import type { TransitionRecord } from "../../../src/daemon/journal/record.ts";
import type { NotifyPlan } from "../../../src/notify/notifier.ts";

/** A record; `silence_ms` numbers it, so that a test can tell which one arrived. */
export function record(change: Partial<TransitionRecord> = {}): TransitionRecord {
  return {
    time: "2026-11-21T03:04:05.678Z",
    node: "pi-a",
    instance: "web",
    family: "ipv4",
    vrid: 51,
    interface: "eth0",
    addresses: ["192.168.1.50/24", "192.168.1.51/24"],
    from: "backup",
    to: "master",
    priority: 150,
    reason: "master-silent",
    cause: "no advert from pi-a (192.168.1.11) for 3.61 s",
    planned: false,
    silence_ms: 3610,
    ...change,
  };
}

/** `count` transitions of `instance` to and fro, numbered from 0. */
export function transitions(count: number, instance = "web"): readonly TransitionRecord[] {
  return Array.from(
    { length: count },
    (_, index) =>
      index % 2 === 0
        ? record({ instance, silence_ms: index })
        : record({ instance, from: "master", to: "backup", silence_ms: index }),
  );
}

/** A [notify] that names nobody, but for `change`. */
export function settings(change: Partial<NotifySettings> = {}): NotifySettings {
  return {
    command: undefined,
    onMaster: undefined,
    onBackup: undefined,
    onFault: undefined,
    onStop: undefined,
    user: undefined,
    timeout: milliseconds(20_000),
    webhook: undefined,
    ntfy: undefined,
    mqtt: undefined,
    ...change,
  };
}

/** A plan with everybody's [notify], and those of instances by name. */
export function plan(
  notify: NotifySettings | undefined,
  instances: Readonly<Record<string, NotifySettings>> = {},
): NotifyPlan {
  return {
    notify,
    instances: Object.entries(instances).map(([name, own]) => ({ name, notify: own })),
  };
}
