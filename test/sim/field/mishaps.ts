/**
 * Mishaps of the field: a table of what happens to machines, kernels and the LAN there, each with
 * how it is mended.
 */
import { parsePrefix } from "../../../src/net/prefix.ts";
import { after, milliseconds, nanoseconds } from "../../../src/time.ts";
import { gratuitousArp } from "../../../src/wire/arp.ts";
import { unsolicitedNa } from "../../../src/wire/ndp.ts";
import {
  cardOf,
  cutOneWay,
  type Damage,
  kill,
  killAndRestart,
  loseFloating,
  part,
  pause,
  powerOff,
  stop,
  unplug,
} from "../faults.ts";
import type { Call, Port } from "../machine.ts";
import { handOver, maintain, restart } from "../orders.ts";
import type { Random } from "../random.ts";
import { LOSSES } from "../roads/faults.ts";
import type { InstanceSetup } from "../setup.ts";
import { CLUSTER_MISTAKES, type Mistake, MISTAKES } from "./mistakes.ts";
import { type FieldWorld, STRANGER } from "./world.ts";

/** Does one kind of damage to a node. */
type Mishap = (world: FieldWorld, name: string, random: Random) => Damage;

/** All kinds, each as often as it should be picked. */
const MISHAPS: readonly (readonly [number, Mishap])[] = [
  [14, mistakeInFile],
  [4, clone],
  [3, refuseAddresses],
  [3, refuseSockets],
  [2, rename],
  [3, readdress],
  [2, changeCard],
  [2, changeMac],
  [5, answerElsewhere],
  [1, answerForAll],
  [6, filter],
  [5, addOthers],
  [2, lateAddress],
  [2, kill],
  [2, killAndRestart],
  [2, pause],
  [1, stop],
  [1, powerOff],
  [2, unplug],
  [1, loseFloating],
  [2, snoop],
  [1, cutOneWay],
  [1, part],
  [1, handOver],
  [1, maintain],
  [1, restart],
];

/** The same where nodes tell each other. */
const TOLD_MISHAPS: readonly (readonly [number, Mishap])[] = [
  ...MISHAPS,
  ...LOSSES,
  [8, mistakeInCluster],
  [6, killAndRestart],
  [3, stop],
  [3, maintain],
];

/** Lets something happen, and says what. */
export function mishap(world: FieldWorld, random: Random): Damage {
  const isTold = world.setup.cluster !== undefined;
  const happens = random.weighed(isTold ? TOLD_MISHAPS : MISHAPS);
  const done = happens(world, random.pick(world.setup.nodes).name, random);
  world.cluster.lan.see({ kind: "act", words: done.words });
  return done;
}

/** The file of one node says something else than before. */
export function mistakeInFile(world: FieldWorld, name: string, random: Random): Damage {
  return mistakeOf(MISTAKES, world, name, random);
}

function mistakeInCluster(world: FieldWorld, name: string, random: Random): Damage {
  return mistakeOf(CLUSTER_MISTAKES, world, name, random);
}

function mistakeOf(
  mistakes: Readonly<Record<string, Mistake>>,
  world: FieldWorld,
  name: string,
  random: Random,
): Damage {
  const words = random.pick(Object.keys(mistakes));
  const before = world.fileOf(name);
  const node = world.node(name);
  const setup = node && mistakes[words]?.(before.setup, node, random);
  const isSound = setup !== undefined && world.rewrite(name, { ...before, setup });
  return {
    words: `${words} in the file of ${name}${isSound ? "" : ", which is not sound"}`,
    dirty: false,
    mend: () => restoreFile(world, name),
  };
}

/** Whose file it was and what it said at first. */
function restoreFile(world: FieldWorld, name: string): void {
  const { setup } = world;
  if (world.fileOf(name).setup !== setup || world.fileOf(name).name !== name) {
    world.rewrite(name, { name, setup });
  }
}

/**
 * The machine is another's copy: with its addresses, perhaps with its file, perhaps even with its
 * MACs.
 */
function clone(world: FieldWorld, name: string, random: Random): Damage {
  const { cluster, setup } = world;
  const machine = cluster.lan.machine(name);
  const other = random.pick(setup.nodes.filter((node) => node.name !== name));
  const withMac = random.chance(0.4);
  const withFile = random.chance(0.5);
  for (const card of other.cards) {
    const original = cluster.lan.machine(other.name).port(card.name);
    if (withMac && original !== undefined) {
      machine.deletePort(card.name);
      machine.createPort(card.name, card.segment, original.mac);
    }
    for (const address of ownIpv4(world, name, card.name)) {
      machine.deleteForeign(card.name, address);
    }
    for (const address of ownIpv4(world, other.name, card.name)) {
      machine.addForeign(card.name, address);
    }
  }
  if (withFile) world.rewrite(name, world.fileOf(other.name));
  const traits = `${withFile ? " and its file" : ""}${withMac ? " and its MAC" : ""}`;
  return {
    words: `${name} has the addresses of ${other.name}${traits}`,
    dirty: false,
    mend() {
      for (const card of other.cards) {
        for (const address of ownIpv4(world, other.name, card.name)) {
          machine.deleteForeign(card.name, address);
        }
        if (withMac) machine.deletePort(card.name);
        cluster.restoreCard(name, card.name);
        cluster.restoreAddresses(name, card.name);
      }
      if (withFile) restoreFile(world, name);
    },
  };
}

function ownIpv4({ cluster }: FieldWorld, name: string, card: string): readonly string[] {
  const addresses = cluster.cards(name).find((one) => one.name === card)?.addresses ?? [];
  return addresses.filter((text) => !text.includes(":"));
}

/**
 * Addresses are never added: IPv6 where it is switched off, or any by a profile of a security
 * module.
 */
function refuseAddresses({ cluster }: FieldWorld, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const which = random.pick(["IPv6 addresses", "addresses"]);
  const code = random.pick(["EACCES", "EPERM", "ENOBUFS"]);
  const concerns = (object: string) => which === "addresses" || object.includes(":");
  machine.refuse("add", Infinity, code, concerns);
  return {
    words: `${name} refuses ${which} (${code})`,
    dirty: false,
    mend: () => machine.refuseNoMore("add"),
  };
}

/** For a while no socket is opened, or nothing leaves through it. */
function refuseSockets({ cluster }: FieldWorld, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const call = random.pick<Call>(["open", "send", "frame", "watch"]);
  const code = random.pick(["EPERM", "ENOBUFS"]);
  machine.refuse(call, Infinity, code);
  const again = random.chance(0.5);
  if (again) {
    cluster.lan.kill(name);
    cluster.start(name);
  }
  return {
    words: `${name} refuses to ${call} (${code})${again ? ", and is started anew" : ""}`,
    dirty: false,
    mend: () => machine.refuseNoMore(call),
  };
}

/** By a new kernel, or another slot. */
function rename(world: FieldWorld, name: string, random: Random): Damage {
  const { cluster } = world;
  const machine = cluster.lan.machine(name);
  const card = random.pick(cluster.cards(name)).name;
  machine.renamePort(card, `${card}x`);
  return {
    words: `${card} of ${name} is called ${card}x`,
    dirty: false,
    mend: () => restoreName(world, name, card),
  };
}

/** It is called as the files say. */
export function restoreName({ cluster }: FieldWorld, name: string, card: string): void {
  cluster.lan.machine(name).renamePort(`${card}x`, card);
}

/** DHCP gives it another address, in place of its own, or before it, or for IPv6 alone. */
function readdress({ cluster }: FieldWorld, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const card = random.pick(cluster.cards(name));
  const old = random.pick(card.addresses);
  const fresh = old.replace(/(\d+)\//, "1$1/");
  const keeps = random.chance(0.4);
  machine.deleteForeign(card.name, old);
  machine.addForeign(card.name, fresh);
  if (keeps) machine.addForeign(card.name, old);
  return {
    words: `${name} has ${fresh} ${keeps ? "before" : "in place of"} ${old}`,
    dirty: false,
    mend() {
      machine.deleteForeign(card.name, fresh);
      cluster.restoreAddresses(name, card.name);
    },
  };
}

/** Another card in its place, at once or after a while: another index, another MAC. */
function changeCard({ cluster }: FieldWorld, name: string, random: Random): Damage {
  const { lan } = cluster;
  const machine = lan.machine(name);
  const card = random.pick(cluster.cards(name));
  const pause = milliseconds(random.pick([0, 0, 200, 8000]));
  const mac = machine.macOf(random.between(100, 200));
  machine.deletePort(card.name);
  const plugIn = () => {
    if (machine.port(card.name) !== undefined) return;
    machine.createPort(card.name, card.segment, mac);
    cluster.restoreAddresses(name, card.name);
  };
  if (pause === 0) plugIn();
  else lan.at(after(lan.now, pause), plugIn);
  return {
    words: `${name} gets another ${card.name} after ${pause / 1e6} ms`,
    dirty: false,
    mend: plugIn,
  };
}

/** The same card, with another MAC: a bond that fails over, an administrator. */
function changeMac({ cluster: { lan } }: FieldWorld, name: string, random: Random): Damage {
  const machine = lan.machine(name);
  const card = cardOf(machine.ports(), random);
  const before = machine.port(card)?.mac;
  machine.setMac(card, machine.macOf(random.between(100, 200)));
  return {
    words: `${card} of ${name} has another MAC`,
    dirty: false,
    mend() {
      if (before !== undefined) machine.setMac(card, before);
    },
  };
}

/** A machine without VRRP answers for a floating address. */
function answerElsewhere(world: FieldWorld, _name: string, random: Random): Damage {
  const { lan } = world.cluster;
  const machine = lan.machine(STRANGER);
  const instance = random.pick(world.setup.instances);
  const address = random.pick(instance.addresses);
  machine.answers.after = nanoseconds(random.chance(0.3) ? random.between(1, 0.8e9) : 0);
  machine.addForeign(instance.card, address);
  const port = machine.port(instance.card);
  const announces = random.chance(0.5);
  if (announces && port !== undefined) announce(world, port, address);
  return {
    words: `${STRANGER} answers for ${address}${announces ? ", and says so" : ""}`,
    dirty: false,
    mend: () => machine.deleteForeign(instance.card, address),
  };
}

/** A router with proxy ARP answers for everything, the nodes' own addresses too, and often late. */
function answerForAll({ cluster: { lan } }: FieldWorld, _name: string, random: Random): Damage {
  const machine = lan.machine(STRANGER);
  machine.answers.after = nanoseconds(random.pick([0, random.between(1, 0.8e9)]));
  machine.answers.forAll = true;
  return {
    words: `${STRANGER} answers for every IPv4 address`,
    dirty: false,
    mend() {
      machine.answers.forAll = false;
    },
  };
}

function announce({ cluster: { lan } }: FieldWorld, port: Port, text: string): void {
  const address = parsePrefix(text)?.address;
  if (address === undefined) return;
  const frame = address.family === "ipv4"
    ? gratuitousArp(port.mac, address)
    : unsolicitedNa(port.mac, address, false);
  lan.carryFrame(lan.machine(STRANGER), port, frame);
}

/** A packet filter lets no adverts in, or out, or neither; on one node, or on all. */
function filter({ cluster: { lan }, setup }: FieldWorld, name: string, random: Random): Damage {
  const incoming = random.chance(0.75);
  const outgoing = !incoming || random.chance(0.5);
  const names = random.chance(0.3) ? setup.nodes.map((node) => node.name) : [name];
  const set = (on: boolean) => {
    for (const one of names) {
      Object.assign(lan.machine(one).filter, {
        incoming: on && incoming,
        outgoing: on && outgoing,
      });
    }
  };
  set(true);
  const ways = incoming && outgoing ? "in or out" : incoming ? "in" : "out";
  return {
    words: `a packet filter on ${names.join(" ")} lets no adverts ${ways}`,
    dirty: false,
    mend: () => set(false),
  };
}

/** A switch forgets which nodes hear the group: adverts do not get from one node to another. */
function snoop({ cluster: { lan }, setup }: FieldWorld, name: string, random: Random): Damage {
  const other = random.pick(setup.nodes.filter((node) => node.name !== name)).name;
  const both = random.chance(0.5);
  lan.paths.mute(name, other);
  if (both) lan.paths.mute(other, name);
  return {
    words: `no advert gets from ${name} to ${other}${both ? ", or back" : ""}`,
    dirty: false,
    mend() {
      lan.paths.unmute(name, other);
      if (both) lan.paths.unmute(other, name);
    },
  };
}

/** Another program puts its own address into the subnet of a floating one, mostly where that is. */
function addOthers(world: FieldWorld, some: string, random: Random): Damage {
  const { cluster, setup } = world;
  const instance = random.pick(setup.instances);
  const holder = setup.nodes.find((node) => world.holds(node.name, instance));
  const name = random.chance(0.8) ? holder?.name ?? some : some;
  const machine = cluster.lan.machine(name);
  const text = othersAddress(instance, machine.name);
  machine.addForeign(instance.card, text);
  const killed = random.chance(0.5);
  if (killed) cluster.lan.kill(name);
  return {
    words: `somebody adds ${text} on ${name}${killed ? " and kills floatip" : ""}`,
    dirty: false,
    mend() {
      machine.deleteForeign(instance.card, text);
      cluster.start(name);
    },
  };
}

/** "192.168.1.50/24" as "192.168.1.61/24", of node 1. */
function othersAddress({ addresses: [first = ""], family }: InstanceSetup, name: string): string {
  const length = family === "ipv4" ? 24 : 64;
  return first.replace(/[0-9a-f]+\/.*/, `6${name.slice(-1)}/${length}`);
}

/** Its own address comes back when a floating one is there already. */
function lateAddress({ cluster }: FieldWorld, name: string, random: Random): Damage {
  const { lan } = cluster;
  const machine = lan.machine(name);
  const card = random.pick(cluster.cards(name));
  for (const address of card.addresses) machine.deleteForeign(card.name, address);
  const mend = () => cluster.restoreAddresses(name, card.name);
  lan.at(after(lan.now, milliseconds(random.between(100, 10_000))), mend);
  return { words: `${card.name} of ${name} gets its addresses late`, dirty: false, mend };
}
