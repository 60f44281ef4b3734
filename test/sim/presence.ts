/**
 * What a question to another machine finds in virtual time: every kernel refuses what nothing there
 * takes.
 */
import type { PresenceQuestion } from "../../src/host.ts";
import { after, milliseconds } from "../../src/time.ts";
import type { PresenceAnswer } from "../../src/wire/presence.ts";
import type { Lan } from "./lan.ts";
import type { Machine } from "./machine.ts";

/** How long until a refusal comes, and until silence is an answer (src/linux/presence.ts). */
const REFUSED_WITHIN = milliseconds(1), SILENT_AFTER = milliseconds(4000);

/** Asks for the machine `asker`; `done` is called later, in virtual time. */
export function askPresence(
  lan: Lan,
  asker: Machine,
  question: PresenceQuestion,
  done: (answer: PresenceAnswer) => void,
): void {
  const first = look(lan, asker, question);
  if (first.vrrp === "closed") lan.at(after(lan.now, REFUSED_WITHIN), () => done(first));
  else lan.at(after(lan.now, SILENT_AFTER), () => done(look(lan, asker, question)));
}

function look(
  lan: Lan,
  asker: Machine,
  { target, interface: name, group }: PresenceQuestion,
): PresenceAnswer {
  const address = lan.textOf.ip(target.address);
  const port = asker.port(name);
  const there = port !== undefined && asker.isLive(port)
    ? lan.machines().find((machine) =>
      machine !== asker && !machine.clock.frozen &&
      machine.answersFor(address, port.segment) !== undefined &&
      lan.paths.isOpen(asker.name, machine.name) && lan.paths.isOpen(machine.name, asker.name)
    )
    : undefined;
  if (there === undefined) return { vrrp: "unknown", machine: "unreachable" };
  const endpoints = lan.program(there.name)?.endpoints() ?? [];
  if (group) {
    // By IGMP a machine says which groups its programs hear; of none it says nothing.
    const isMember = endpoints.some(({ kind, family }) =>
      kind === "multicast" && family === "ipv4" && target.address.family === "ipv4"
    );
    return { vrrp: isMember ? "open" : "unknown", machine: "answers" };
  }
  const isTaken = endpoints.some((endpoint) =>
    (endpoint.kind === "multicast"
      ? endpoint.family === target.address.family
      : lan.textOf.ip(endpoint.source) === address) &&
    (endpoint.kind === "udp" ? endpoint.port : undefined) === target.port
  );
  return { vrrp: isTaken ? "open" : "closed", machine: "answers" };
}
