/** The floating address of `floatip init`: a free one of the subnet, or the one that is typed. */
import { completed, faultOfAddress, type FirstNode, type Home } from "../../config/first_file.ts";
import type { LanSeen } from "../../tools/doctor/environment.ts";
import { type Family, type Ip, sameIp } from "../../net/ip.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../net/prefix.ts";
import { milliseconds } from "../../time.ts";
import { watchLan } from "../lan.ts";
import type { Questioner, Read } from "./prompts.ts";

/** An address that was typed is asked for by itself; a machine that has it answers at once. */
const ASK_AGAIN = milliseconds(800);

/** Addresses in the list. */
const MOST_OFFERED = 3;

/** What a person should know of the address. */
const EXPLAINED: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [
    "The floating address is one more address. Clients use it, and one node at a time has it.",
    "It has to be free, and outside the range that your router gives out by DHCP (often .100 to",
    ".199: the router's own page says so). Otherwise a phone may get the same address one day.",
  ],
  ipv6: [
    "The floating address is one more address. Clients use it, and one node at a time has it.",
  ],
};

/** What is known when the address is chosen. */
export interface AddressSetting {
  readonly home: Home;
  readonly candidates: readonly Prefix[];
  readonly seen: LanSeen;
  readonly nodes: readonly FirstNode[];
}

/**
 * The floating address: `given` (the flag's text), or as the person says who is asked; the guess is
 * the first candidate that no machine answers for. One that a machine has is refused. Throws
 * Failure.
 */
export async function chooseAddress(
  asker: Questioner,
  given: string | undefined,
  { home: { link, own }, candidates, seen, nodes }: AddressSetting,
): Promise<Prefix> {
  const asked = [...seen.asked];
  const answers = [...seen.answers];
  const holderOf = async (address: Ip): Promise<string | undefined> => {
    if (!asked.some((question) => sameIp(question.address, address))) {
      const question = { interface: link.name, address };
      const again = await watchLan({ time: ASK_AGAIN, questions: [question], endpoints: [] });
      asked.push(...again.asked);
      answers.push(...again.answers);
    }
    return answers.find((answer) => sameIp(answer.address, address))?.mac;
  };
  const free = candidates.filter(({ address }) =>
    !answers.some((answer) => sameIp(answer.address, address)) &&
    !nodes.some((node) => sameIp(node.address, address))
  ).slice(0, MOST_OFFERED);
  return await asker.settle({
    what: "Floating address",
    flag: "--address",
    given,
    guess: free[0] === undefined ? undefined : formatPrefix(free[0]),
    remark: free.length === 0 ? "" : "(a number of the list, or another address)",
    explained: EXPLAINED[own.address.family],
    choices: free.map((one) => ({
      value: formatPrefix(one),
      remark: "no machine answers for it",
    })),
    async read(text): Promise<Read<Prefix>> {
      const typed = parsePrefix(text);
      if (typed === undefined) {
        return { kind: "wrong", words: `${text} is no address such as 192.168.1.250/24` };
      }
      const fault = faultOfAddress(typed, own) ?? await takenWords(typed, nodes, holderOf);
      if (fault !== undefined) return { kind: "wrong", words: `${text} ${fault}` };
      return { kind: "value", value: completed(typed, text, own) };
    },
  });
}

async function takenWords(
  { address }: Prefix,
  nodes: readonly FirstNode[],
  holderOf: (address: Ip) => Promise<string | undefined>,
): Promise<string | undefined> {
  const node = nodes.find((one) => sameIp(one.address, address));
  if (node !== undefined) return `is ${node.name}'s own address`;
  const mac = await holderOf(address);
  return mac === undefined ? undefined : `is taken: ${mac} answers for it`;
}
