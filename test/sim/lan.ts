/**
 * A whole LAN in virtual time: machines, the paths between them, and one queue that drives them.
 */
import type { Datagram } from "../../src/host.ts";
import { isMulticast } from "../../src/net/ip.ts";
import { after, type Instant, type Nanoseconds, nanoseconds } from "../../src/time.ts";
import type { ChannelDatagram } from "./channel.ts";
import { type FrameSaid, saidBy } from "./frame.ts";
import { Machine, type Port } from "./machine.ts";
import { familyOf, isIpv6, isMartian } from "./martian.ts";
import type { Freeze } from "./machine_clock.ts";
import { Paths } from "./paths.ts";
import { Random } from "./random.ts";
import type { Seen, Watcher } from "./record.ts";
import { Schedule } from "./schedule.ts";
import { SimHost } from "./sim_host.ts";
import { TextOf } from "./text_of.ts";

/**
 * How long Linux takes for duplicate address detection of a link-local address: one probe, one
 * second.
 */
const DAD: Nanoseconds = nanoseconds(1_000_000_000);

/** Goes to every machine on its segment. */
const ALL = Symbol("all");

/** What a program on the LAN is, whatever orders it takes. */
type Program = Pick<
  SimHost,
  | "machine"
  | "receive"
  | "receiveChannel"
  | "hearClaim"
  | "noticeInterfaces"
  | "pause"
  | "resume"
  | "paused"
  | "queued"
  | "end"
  | "settled"
  | "takeTurn"
  | "endpoints"
  | "wakes"
  | "promptness"
>;

/** A LAN with everything on it. */
export class Lan {
  readonly random: Random;
  readonly paths: Paths;
  readonly textOf = new TextOf();
  readonly #schedule = new Schedule();
  readonly #leaseRandom: Random;
  readonly #machines = new Map<string, Machine>();
  readonly #inOrder: Machine[] = [];
  readonly #programs = new Map<string, Program>();
  readonly #watchers: Watcher[] = [];
  #running: Promise<void> | undefined;

  /** The same `seed` and the same calls give the same course, to the nanosecond. */
  constructor(seed: number) {
    this.random = new Random(seed);
    this.paths = new Paths(new Random(seed, 1));
    this.#leaseRandom = new Random(seed, 3);
  }

  /** Virtual time. */
  get now(): Instant {
    return this.#schedule.now;
  }

  /** Everything that is seen from now on is told to `watcher`. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  /** Tells all watchers. */
  see(seen: Seen): void {
    const { now } = this;
    for (const watcher of this.#watchers) watcher(seen, now);
  }

  /** A new machine without cards. */
  createMachine(name: string): Machine {
    const machine = new Machine(name, this.#machines.size + 1, {
      now: () => this.now,
      see: (seen) => this.see(seen),
      networkChanged: () => this.#programs.get(name)?.noticeInterfaces(),
      at: (at, act) => this.#schedule.at(at, act),
      random: this.#leaseRandom,
    });
    this.#machines.set(name, machine);
    this.#inOrder.push(machine);
    return machine;
  }

  /** The machine called `name`. Throws RangeError where there is none. */
  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new RangeError(`there is no machine ${name}`);
    return machine;
  }

  /** All machines in order of their making. */
  machines(): readonly Machine[] {
    return this.#inOrder;
  }

  /** What runs on `name`. */
  program(name: string): Program | undefined {
    return this.#programs.get(name);
  }

  /** Lets `act` happen at `at`. */
  at(at: Instant, act: () => void): void {
    this.#schedule.at(at, act);
  }

  /**
   * Starts a program on `machine` at once; it runs until it returns (how, in a word), throws or is
   * killed.
   */
  start(
    machine: Machine,
    run: (host: SimHost) => Promise<string | void>,
    stream = this.#programs.size,
  ): SimHost {
    const name = machine.name;
    const host = new SimHost(this, machine, new Random(this.random.u32(), stream));
    this.#programs.set(name, host as unknown as Program);
    this.see({ kind: "program", node: name, what: "started", words: "" });
    const close = (what: "ended" | "crashed", words: string) => {
      // A killed program's promise may end as well, later and unheard.
      if ((this.#programs.get(name) as unknown) !== host) return;
      this.#programs.delete(name);
      host.end();
      this.see({ kind: "program", node: name, what, words });
    };
    const start = () =>
      run(host).then(
        (how) => close("ended", how ?? ""),
        (error: unknown) => close("crashed", String(error)),
      );
    this.#schedule.at(this.now, () => {
      if ((this.#programs.get(name) as unknown) !== host) return;
      host.begin();
      start();
      this.#running = host.settled();
    });
    return host;
  }

  /** SIGKILL. Addresses stay where they are. */
  kill(name: string): void {
    const program = this.#programs.get(name);
    if (program === undefined) return;
    this.#programs.delete(name);
    program.end();
    this.see({ kind: "program", node: name, what: "killed", words: "" });
  }

  /** SIGSTOP. */
  pause(name: string): void {
    this.#programs.get(name)?.pause();
    this.see({ kind: "program", node: name, what: "paused", words: "" });
  }

  /** SIGCONT; on a machine that stands still: nothing. */
  resume(name: string): void {
    if (this.machine(name).clock.frozen) return;
    this.#programs.get(name)?.resume();
    this.see({ kind: "program", node: name, what: "resumed", words: "" });
  }

  /** The whole machine stands still. */
  freeze(name: string, how: Freeze): void {
    this.machine(name).freeze(how);
    this.pause(name);
  }

  /** It goes on: its kernel first. Where it does not stand still: nothing. */
  thaw(name: string): void {
    const machine = this.machine(name);
    if (!machine.clock.frozen) return;
    machine.thaw();
    this.resume(name);
  }

  /** `ip link set NAME up`: the link-local address is usable once its detection is through. */
  switchOn(name: string, interfaceName: string): void {
    const machine = this.machine(name);
    machine.setUp(interfaceName, true);
    this.at(after(this.now, DAD), () => machine.finishDad(interfaceName));
  }

  /** Lets `duration` of virtual time pass. */
  async run(duration: Nanoseconds): Promise<void> {
    const end = after(this.now, duration);
    for (let turn = this.step(end); turn !== undefined; turn = this.step(end)) await turn;
    this.#schedule.skip(end);
  }

  /**
   * Lets happen what is due by `end`, until a program has the processor: gives its turn; undefined:
   * nothing is due any more.
   */
  step(end: Instant): Promise<void> | undefined {
    for (;;) {
      const next = this.#schedule.next;
      if (next === undefined || next > end) return undefined;
      this.#schedule.step();
      const turn = this.#running;
      this.#running = undefined;
      if (turn !== undefined) return turn;
    }
  }

  /** For a host: let `program` have the processor at `at`, if `stillWanted` then. */
  planWake(at: Instant, program: Pick<Program, "takeTurn">, stillWanted: () => boolean): void {
    this.#schedule.at(at, () => {
      if (stillWanted()) this.#running = program.takeTurn();
    });
  }

  /** For a host: a message was given to the program on `node`. */
  seeRead(node: string, from: string, datagram: Datagram): void {
    const source = this.textOf.ip(datagram.source);
    this.see({ kind: "read", node, from, source, message: datagram.payload });
  }

  /** For a host: carries `datagram` from `port` to whoever should hear it. */
  carryDatagram(sender: Machine, port: Port, datagram: Datagram): void {
    const { source, destination, payload } = datagram;
    const group = isMulticast(destination);
    const to = this.textOf.ip(destination);
    const datagramSource = this.textOf.ip(source);
    this.see({
      kind: "sent",
      node: sender.name,
      interface: port.name,
      source: datagramSource,
      destination: to,
      message: payload,
    });
    if (sender.filter.outgoing) return;
    const goesTo = group ? ALL : this.#ownerOf(to, sender, port);
    this.#carry(sender, port, goesTo, (machine, arrival) => {
      if (this.paths.isMute(sender.name, machine.name)) return;
      // What its program has put there itself is heard before the kernel drops it.
      const isHeard = isMartian(machine, source.family, datagramSource)
        ? machine.left().some((left) => left.startsWith(`${datagramSource}/`))
        : !machine.filter.incoming;
      if (isHeard) this.#programs.get(machine.name)?.receive(arrival, datagram, sender.name);
    });
  }

  /** For a host: carries a datagram of the channel from `port` to the machine that it is for. */
  carryChannel(sender: Machine, port: Port, datagram: ChannelDatagram): void {
    const goesTo = this.#ownerOf(this.textOf.ip(datagram.destination), sender, port);
    this.#carry(sender, port, goesTo, (machine) => {
      this.#programs.get(machine.name)?.receiveChannel(datagram);
    });
  }

  /**
   * Who gets what is sent to `address`: of clones the one that a neighbour table would name, always
   * the same.
   */
  #ownerOf(address: string, sender: Machine, { segment }: Port): Machine | undefined {
    return this.machines().find((machine) =>
      machine !== sender && machine.has(address) &&
      machine.ports().some((port) => port.segment === segment)
    );
  }

  /**
   * For a host: carries an Ethernet frame to all other machines, or to the first one that has its
   * destination; their kernels learn from it and answer.
   */
  carryFrame(sender: Machine, port: Port, frame: Uint8Array): void {
    const said = saidBy(frame);
    if (said === undefined) return;
    const { claim, question, announced } = said;
    const where = { node: sender.name, interface: port.name };
    if (claim !== undefined && announced) {
      this.see({ kind: "announced", ...where, address: claim.address, mac: claim.macText });
    }
    if (question !== undefined) this.see({ kind: "asked", ...where, address: question.address });
    const goesTo = said.to === undefined ? ALL : this.#machineAt(said.to, sender, port);
    this.#carry(sender, port, goesTo, (machine, arrival) => {
      if (claim !== undefined) {
        if (announced) machine.neighbours.set(claim.address, claim.macText);
        this.#programs.get(machine.name)?.hearClaim(arrival, claim.address, claim);
      }
      // An ARP request from one's own address is a martian: the kernel does not answer it.
      if (claim !== undefined && isMartian(machine, familyOf(claim.address), claim.address)) return;
      if (question !== undefined) this.#answer(machine, arrival, question, { sender, port });
    });
  }

  /** The machine that a switch sends frames for `mac` to. */
  #machineAt(mac: string, sender: Machine, { segment }: Port): Machine | undefined {
    return this.machines().find((machine) =>
      machine !== sender &&
      machine.ports().some((port) => port.segment === segment && port.macText === mac)
    );
  }

  /** The kernel of `machine` says that it has the address, where it has. */
  #answer(
    machine: Machine,
    { segment }: Port,
    { address, openly, isProbe }: NonNullable<FrameSaid["question"]>,
    asker: { readonly sender: Machine; readonly port: Port },
  ): void {
    if (machine.answersFor(address, segment, isProbe) === undefined) return;
    const answer = () => {
      const answering = machine.answersFor(address, segment, isProbe);
      if (answering === undefined) return;
      this.#carry(machine, answering, openly ? ALL : asker.sender, (receiver, arrival) => {
        // To its own MAC a switch sends nothing back.
        if (!openly && answering.macText === asker.port.macText) return;
        this.#programs.get(receiver.name)?.hearClaim(arrival, address, {
          ...answering,
          // RFC 4861 7.2.4: as if unasked; the machine that asked knows better.
          answer: !(openly && isIpv6(address)) || receiver === asker.sender,
          openly,
        });
      });
    };
    if (machine.answers.after === 0) answer();
    else this.#schedule.at(after(this.now, machine.answers.after), answer);
  }

  /** `name` asks its segment who has `address`; the first answer counts, as in Linux (locktime). */
  ask(name: string, interfaceName: string, address: string): void {
    const asker = this.machine(name);
    const port = asker.port(interfaceName);
    if (port === undefined) return;
    let isAnswered = false;
    this.#carry(asker, port, ALL, (machine) => {
      const answering = machine.answersFor(address, port.segment);
      if (answering === undefined) return;
      this.#carry(machine, answering, asker, () => {
        if (isAnswered) return;
        isAnswered = true;
        asker.neighbours.set(address, answering.macText);
      });
    });
  }

  /**
   * Which machine answers a packet from `name` to `address`, by its neighbour table; undefined:
   * none.
   */
  reaches(name: string, address: string): string | undefined {
    const mac = this.machine(name).neighbours.get(address);
    if (mac === undefined) return undefined;
    for (const machine of this.#inOrder) {
      for (const port of machine.ports()) {
        if (port.macText !== mac || !machine.isLive(port)) continue;
        const there = machine.answersFor(address, port.segment) !== undefined &&
          this.paths.isOpen(name, machine.name) && this.paths.isOpen(machine.name, name);
        return there ? machine.name : undefined;
      }
    }
    return undefined;
  }

  /**
   * Lets what leaves `port` arrive on the same segment, `arrive` being called then. Chance has a
   * hand in it for each machine there; of those that it is not for, nothing more is done.
   */
  #carry(
    sender: Machine,
    port: Port,
    goesTo: Machine | typeof ALL | undefined,
    arrive: (machine: Machine, port: Port) => void,
  ): void {
    if (!sender.isLive(port)) return;
    const { segment } = port;
    for (const machine of this.#inOrder) {
      if (machine === sender) continue;
      const isMeant = goesTo === ALL || goesTo === machine;
      for (const other of machine.ports()) {
        if (other.segment !== segment) continue;
        const delays = this.paths.arrivals(sender.name, machine.name, this.now, segment);
        if (!isMeant) continue;
        for (const delay of delays) {
          this.#schedule.at(after(this.now, delay), () => {
            const there = machine.port(other.name);
            if (there !== undefined && machine.isLive(there)) arrive(machine, there);
          });
        }
      }
    }
  }
}
