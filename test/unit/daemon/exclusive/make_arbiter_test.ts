/** What a process knows of votes, through reloads that change what there is to decide. */
import { deepStrictEqual } from "node:assert/strict";
import type { Arbiter } from "../../../../src/cluster/exclusive.ts";
import { decodeVote, encodeVote, markOf } from "../../../../src/cluster/votes/message.ts";
import type { VotersNote } from "../../../../src/cluster/votes/note.ts";
import type { Voters } from "../../../../src/cluster/votes/voters.ts";
import type { Config } from "../../../../src/config/config.ts";
import { voterList } from "../../../../src/config/plan/exclusive.ts";
import { arbiterMaker } from "../../../../src/daemon/exclusive/make_arbiter.ts";
import { type Instant, seconds } from "../../../../src/time.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";
import { configFrom } from "../../../sim/cluster.ts";

const LEASE = "instance/db";

/** A file of two nodes and a witness, with or without something exclusive. */
function fileOf(witness: string, exclusive: boolean, port = 337, own = "pi-b") {
  return configFrom([
    `[nodes]\npi-a = "192.168.1.11"\n${own} = "192.168.1.12"`,
    `[cluster]\nsecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"\nport = ${port}`,
    exclusive ? `witnesses = { ${witness} = "192.168.1.13" }` : "",
    `[instance.db]\nvrid = 51\naddresses = ["192.168.1.50/24"]\nexclusive = ${exclusive}`,
  ].join("\n"));
}

/** The same without a section of the cluster. */
function bare() {
  return configFrom(
    '[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n' +
      '[instance.db]\nvrid = 51\naddresses = ["192.168.1.50/24"]',
  );
}

const OLD = fileOf("nas", true);
/** In force since epoch 5: it was told to this machine, and written down. */
const NEW: Voters = { stamp: { epoch: 5, step: 1 }, lists: [voterList(fileOf("pc", true))] };

/** pi-b: it has promised to pi-a by other voters than it started with. */
class Machine {
  readonly #said: string[] = [];
  #seconds = 1;
  saved: VotersNote | undefined;
  readonly #make = arbiterMaker({
    ...{ now: () => this.#seconds * 1e9 as Instant, clocks: () => this.#clocks() },
    ...{ randomBytes: (count) => new Uint8Array(count), floorOf: () => 0, voters: undefined },
    host: { etcd: { open() {}, call: () => 0 } },
    send: (to, text) => {
      const message = decodeVote(text);
      const why = message?.kind === "vote-refusal" ? ` ${message.reason}` : "";
      this.#said.push(`${to} ${message?.kind}${why}`);
    },
    saveVoters: (note, done) => {
      this.saved = note;
      done(true);
    },
  });
  #arbiter: Arbiter | undefined;

  constructor() {
    this.reload(OLD);
    this.pass(9);
    deepStrictEqual(this.ask("pi-a", 5, NEW), ["pi-a vote-grant"]);
    this.pass(0);
  }

  #clocks() {
    return { boot: seconds(this.#seconds), raw: seconds(this.#seconds) };
  }

  reload(config: Config, self = "pi-b"): Arbiter | undefined {
    this.#arbiter = this.#make(config, self, { onChange() {}, onWish() {} });
    this.#arbiter?.settle([]);
    return this.#arbiter;
  }

  pass(duration: number): void {
    this.#seconds += duration;
    for (let i = 0; i < 3; i++) this.#arbiter?.tick(this.#seconds * 1e9 as Instant);
  }

  /** What it says to the request of `from`. */
  ask(from: string, epoch: number, voters: Voters): readonly string[] {
    const request = { token: "c".repeat(16), sent: this.#seconds, term: TERMS.term, epoch };
    const mark = markOf(voters, false);
    const rest = { lease: LEASE, voters: mark, change: false, holding: false, ...request };
    this.#arbiter?.take(from, encodeVote({ kind: "vote-ask", ...rest }));
    return this.#said.splice(0);
  }
}

const RELOADS: Readonly<Record<string, (machine: Machine) => void>> = {
  "the last exclusive instance goes, and comes back": (machine) => {
    deepStrictEqual(machine.reload(fileOf("nas", false)), undefined);
    machine.reload(OLD);
  },
  "the section of the cluster goes, and comes back": (machine) => {
    deepStrictEqual(machine.reload(bare()), undefined);
    machine.reload(OLD);
  },
  "etcd decides for a time": (machine) => {
    const lines = 'etcd = ["http://10.0.0.1:2379"]\n[instance.db]';
    machine.reload(
      configFrom(
        '[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n[cluster]\n' +
          `secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"\n${lines}\nvrid = 51\n` +
          'addresses = ["192.168.1.50/24"]\nexclusive = true',
      ),
    );
    machine.reload(OLD);
  },
  "the node gets another name": (machine) => {
    machine.reload(fileOf("nas", true, 337, "pi-z"), "pi-z");
  },
  "the port changes": (machine) => void machine.reload(fileOf("nas", true, 3337)),
};

for (const [what, happens] of Object.entries(RELOADS)) {
  Deno.test(`votes: ${what}: no promise and no voters are forgotten`, () => {
    const machine = new Machine();
    happens(machine);
    deepStrictEqual(machine.ask("pi-a", 6, NEW), ["pi-a vote-grant"]);
    const first: Voters = { stamp: { epoch: 0, step: 0 }, lists: [voterList(OLD)] };
    deepStrictEqual(machine.ask("pi-a", 7, first), ["pi-a vote-refusal other-voters"]);
    // pi-a holds it for a while yet.
    deepStrictEqual(machine.ask("pc", 7, NEW), ["pc vote-refusal promised"]);
    machine.pass(9);
    deepStrictEqual(machine.ask("pi-a", 5, first), ["pi-a vote-refusal other-voters"]);
    deepStrictEqual(machine.saved?.leases.get(LEASE)?.voters, NEW);
  });
}
