/** What are the topics of a virtual router called, and how does Home Assistant learn of it? (www.home-assistant.io/integrations/mqtt) */
import { HEALTHS, STATES } from "../control/values.ts";
import type { TransitionRecord } from "../daemon/record.ts";
import { VERSION } from "../version.ts";
import { instanceLabel } from "../printable.ts";
import type { MqttMessage } from "./mqtt_session.ts";

/** Where things stand. */
export interface Topics {
  /** The latest record, as JSON: "floatip/pi-a/web/ipv4". */
  readonly state: string;
  /** "online" or "offline": is there anybody to speak for the node? */
  readonly availability: string;
}

/** The topic of availability for `node` below `prefix`, of everybody's [notify] (`owner` null) or of an instance's own. */
export function availabilityTopic(prefix: string, node: string, owner: string | null): string {
  const levels = owner === null ? [node] : [node, owner];
  return [prefix, ...levels.map(levelOf), "availability"].join("/");
}

/** The topic of the state that `record` tells. */
export function stateTopic(prefix: string, { node, instance, family }: TransitionRecord): string {
  return [prefix, ...[node, instance, family].map(levelOf)].join("/");
}

/** The retained message by which the state of the virtual router of `record` appears as a sensor of its node's device. */
export function discoveryOf(record: TransitionRecord, topics: Topics): MqttMessage {
  return sensorOf(record, topics, { suffix: "", value: "value_json.to", options: STATES });
}

/** The same for its health: does one node hold the addresses, nobody or two? */
export function healthDiscoveryOf(record: TransitionRecord, topics: Topics): MqttMessage {
  return sensorOf(record, topics, {
    suffix: "health",
    value: "value_json.health | default('None')",
    options: HEALTHS,
  });
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
    device: {
      identifiers: [device],
      name: `floatip ${node}`,
      model: "floatip",
      sw_version: VERSION,
    },
    origin: { name: "floatip", sw_version: VERSION },
  };
  return {
    topic: `homeassistant/sensor/${device}/${object}/config`,
    payload: JSON.stringify(sensor),
    retained: true,
  };
}

/** Slashes part levels, and + and # are wildcards. */
function levelOf(name: string): string {
  return name.replaceAll(/[\s/+#\p{Cc}]/gu, "_");
}

/** What Home Assistant takes in an identifier. */
function idOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}
