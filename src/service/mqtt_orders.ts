/** Orders by MQTT as commands to the daemon, written down with the broker that they came by. */
import type { HistoryFile } from "../history/history_file.ts";
import type { MqttOrders } from "../notify/maintenance_switch.ts";
import type { Commands } from "./commands.ts";
import type { Log } from "./log.ts";

/** Where orders are written down. */
interface Books {
  readonly history: HistoryFile;
  readonly log: Log;
  /** RFC 3339 in UTC. */
  readonly now: () => string;
}

/** What [notify] mqtt is given. `commands`: a function, since the daemon is made later. */
export function mqttOrders(commands: () => Commands, { history, log, now }: Books): MqttOrders {
  return {
    isOn: () => commands().isInMaintenance,
    async order(on, broker) {
      const what = `maintenance ${on ? "on" : "off"}`;
      history.add({ kind: "order", time: now(), what, from: broker, by: "mqtt" });
      const { words } = await commands().byMqtt(on);
      log.write("info", `${what}: ordered by MQTT, broker ${broker}: ${words}`);
    },
  };
}
