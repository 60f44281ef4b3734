/** Processes on a simulated LAN that do nothing but speak to each other on the channel. */
import { Channel } from "../../../src/daemon/nodes/channel.ts";
import type { Config } from "../../../src/config/config.ts";
import { formatIp } from "../../../src/net/ip.ts";
import { Lan } from "../../sim/lan.ts";

/** A message that a speaker was given. */
export interface Heard {
  readonly by: string;
  readonly peer: string;
  readonly from: string;
  readonly text: string;
}

/** Some machines on one LAN: `n1` has 10.0.0.1, `n2` 10.0.0.2 and so on; on the LAN "link" 10.9. */
export class Speakers {
  readonly lan: Lan;
  readonly heard: Heard[] = [];
  /** What their journals got. */
  readonly told: string[] = [];
  readonly #channels = new Map<string, Channel>();
  readonly #configs = new Map<string, Config>();

  constructor(count: number, seed = 1) {
    this.lan = new Lan(seed);
    for (let n = 1; n <= count; n++) {
      const machine = this.lan.createMachine(`n${n}`);
      machine.createPort("eth0", "lan");
      machine.createPort("eth1", "link");
      machine.addForeign("eth0", `10.0.0.${n}/24`);
      machine.addForeign("eth1", `10.9.0.${n}/24`);
    }
  }

  /** Starts a new process with `config`. */
  start(name: string, config: Config): void {
    this.lan.kill(name);
    this.#configs.set(name, config);
    this.lan.start(this.lan.machine(name), async (host) => {
      const channel = new Channel({
        host,
        journal: { write: (level, line) => this.told.push(`${name} ${level}: ${line}`) },
        config: () => this.#configs.get(name) ?? config,
        self: () => name,
        onSession: () => {},
        onEnd: () => {},
        onBeat: () => false,
        onMessage: ({ peer, from, text }) => {
          const words = new TextDecoder().decode(text);
          this.heard.push({ by: name, peer, from: formatIp(from), text: words });
        },
      });
      this.#channels.set(name, channel);
      channel.tick(host.now());
      for (;;) {
        for (const event of await host.wait(channel.nextDeadline())) {
          if (event.kind === "channel" || event.kind === "opened") channel.take(event);
        }
        channel.tick(host.now());
      }
    });
  }

  /** Another file for the process on `name`. */
  reload(name: string, config: Config): void {
    this.#configs.set(name, config);
    this.lan.program(name)?.noticeInterfaces();
  }

  /** The channel of the process on `name`. */
  channel(name: string): Channel {
    const channel = this.#channels.get(name);
    if (channel === undefined) throw new RangeError(`${name} does not run`);
    return channel;
  }

  /** Has `name` sessions with these. */
  sessionsOf(name: string): readonly string[] {
    return this.channel(name).peers(this.lan.now).filter(({ hasSession }) => hasSession)
      .map((peer) => peer.name);
  }

  /** `text` from one to the other. */
  say(from: string, to: string, text: string): void {
    this.channel(from).send(to, new TextEncoder().encode(text));
  }
}
