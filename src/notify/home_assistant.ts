/**
 * Topics of virtual routers, and MQTT discovery of Home Assistant
 * (www.home-assistant.io/integrations/mqtt).
 */
import { HEALTHS, STATES } from "../control/values.ts";
import type { TransitionRecord } from "../daemon/journal/record.ts";
import { VERSION } from "../version.ts";
import { instanceLabel } from "../printable.ts";
import type { MqttMessage } from "./mqtt_session.ts";

/** The topics of a virtual router. */
export interface Topics {
  /** The latest record, as JSON: "floatip/pi-a/web/ipv4". */
  readonly state: string;
  /** "online" or "offline". */
  readonly availability: string;
}

/**
 * The topic of availability of `node`, for the [notify] of the file (`owner` null) or of an
 * instance.
 */
export function availabilityTopic(prefix: string, node: string, owner: string | null): string {
  const levels = owner === null ? [node] : [node, owner];
  return [prefix, ...levels.map(levelOf), "availability"].join("/");
}

/** The topic of the state in `record`. */
export function stateTopic(prefix: string, { node, instance, family }: TransitionRecord): string {
  return [prefix, ...[node, instance, family].map(levelOf)].join("/");
}

/**
 * The retained message that makes the state of a virtual router a sensor of the device of its node.
 */
export function discoveryOf(record: TransitionRecord, topics: Topics): MqttMessage {
  return sensorOf(record, topics, { suffix: "", value: "value_json.to", options: STATES });
}

/** The same for its health. */
export function healthDiscoveryOf(record: TransitionRecord, topics: Topics): MqttMessage {
  return sensorOf(record, topics, {
    suffix: "health",
    value: "value_json.health | default('None')",
    options: HEALTHS,
  });
}

/** The topics of maintenance of a node: its state, and orders to it. */
export interface SwitchTopics {
  /** "ON" or "OFF", retained: "floatip/pi-a/maintenance". */
  readonly state: string;
  /** The same as orders: "floatip/pi-a/maintenance/set". */
  readonly order: string;
}

/** Topics of maintenance of `node`. */
export function switchTopics(prefix: string, node: string): SwitchTopics {
  const state = `${prefix}/${levelOf(node)}/maintenance`;
  return { state, order: `${state}/set` };
}

/** The retained message that makes maintenance a switch of the device of its node. */
export function switchDiscoveryOf(
  node: string,
  topics: SwitchTopics,
  availability: string,
): MqttMessage {
  const device = `floatip_${idOf(node)}`;
  return {
    topic: `homeassistant/switch/${device}/maintenance/config`,
    payload: JSON.stringify({
      name: "maintenance",
      unique_id: `${device}_maintenance`,
      command_topic: topics.order,
      state_topic: topics.state,
      availability_topic: availability,
      icon: "mdi:wrench",
      ...originOf(node, device),
    }),
    retained: true,
  };
}

function originOf(node: string, device: string) {
  return {
    device: {
      identifiers: [device],
      name: `floatip ${node}`,
      model: "floatip",
      sw_version: VERSION,
    },
    origin: { name: "floatip", sw_version: VERSION },
  };
}

/** One sensor that shows a value of the record; "None" is unknown there. */
function sensorOf(
  { node, instance, family }: TransitionRecord,
  topics: Topics,
  { suffix, value, options }: {
    readonly suffix: string;
    readonly value: string;
    readonly options: readonly string[];
  },
): MqttMessage {
  const [device, router] = [`floatip_${idOf(node)}`, `${idOf(instance)}_${family}`];
  const object = suffix === "" ? router : `${router}_${suffix}`;
  const name = instanceLabel(instance, family);
  const sensor = {
    name: suffix === "" ? name : `${name} ${suffix}`,
    unique_id: `${device}_${object}`,
    state_topic: topics.state,
    value_template: `{{ ${value} }}`,
    json_attributes_topic: topics.state,
    availability_topic: topics.availability,
    device_class: "enum",
    options,
    icon: "mdi:ip-network",
    ...originOf(node, device),
  };
  return {
    topic: `homeassistant/sensor/${device}/${object}/config`,
    payload: JSON.stringify(sensor),
    retained: true,
  };
}

/** A level of a topic: slashes divide levels, + and # are wildcards. */
function levelOf(name: string): string {
  return name.replaceAll(/[\s/+#\p{Cc}]/gu, "_");
}

/** An identifier for Home Assistant. */
function idOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}
