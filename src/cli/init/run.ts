/**
 * `floatip init`: a first configuration for this machine and its LAN, by at most four questions.
 */
import { credentialFile } from "../../config/credential_files.ts";
import {
  candidatesIn,
  FIRST_CREDENTIAL,
  type FirstAnswers,
  firstFile,
  type FirstNode,
  freeVrid,
  type Home,
  homesOf,
  proposedCheck,
} from "../../config/first_file.ts";
import { plan } from "../../config/plan/plan_node.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import { formatPrefix, parsePrefix } from "../../net/prefix.ts";
import { type DefaultRoute, readDefaultRoutes, readDefaultRoutes6 } from "../../net/routes.ts";
import { capabilityHint } from "../../capabilities.ts";
import { formatDuration, milliseconds, type Nanoseconds, seconds } from "../../time.ts";
import { readListeners } from "../../tools/doctor/checks/service.ts";
import type { LanSeen } from "../../tools/doctor/environment.ts";
import { FOREIGN, isForeign } from "../../tools/listen/seen.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { watchLan } from "../lan.ts";
import { drawFirst } from "../key/draw.ts";
import { look } from "../machine.ts";
import { problemsText } from "../../config/problem.ts";
import { demandAbsent, writeNew } from "../new_file.ts";
import { askProgram } from "../programs.ts";
import type { Terminal } from "../terminal.ts";
import { chooseAddress } from "./address.ts";
import { end, joinWords } from "./ending.ts";
import { Listening } from "./listening.ts";
import { readNodes, shortName } from "./nodes.ts";
import { choosePage } from "./page.ts";
import { Questioner, type Read } from "./prompts.ts";
import { type RunningCluster, runningClusters } from "./running.ts";

/** Flags of `floatip init`. */
export interface InitFlags {
  readonly interface?: string | undefined;
  readonly address?: string | undefined;
  readonly nodes?: string | undefined;
  readonly vrid?: number | undefined;
  readonly name?: string | undefined;
  readonly page?: string | undefined;
  readonly listen?: Nanoseconds | undefined;
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly config?: string | undefined;
}

const OTHER_WAYS =
  "--force writes over it, --dry-run only shows the new one, -c FILE names another.";

/**
 * A master at 1 s adverts is heard four times within it, one at the slowest interval of
 * keepalived's examples once.
 */
const LISTEN = seconds(4);

/** A machine that is there answers ARP at once. */
const ASK_NODES = milliseconds(400);

/** Most running clusters that are told. */
const MOST_TOLD = 8;

/** Addresses that are tried at once. */
const CANDIDATES = 12;

/** `floatip init`. */
export async function init(terminal: Terminal, flags: InitFlags): Promise<ExitCode> {
  const file = flags.config ?? DEFAULT_CONFIG_FILE;
  if (flags.dryRun !== true && flags.force !== true) await demandAbsent(file, OTHER_WAYS);
  const attended = Deno.stdin.isTerminal() && flags.yes !== true;
  const asker = new Questioner(terminal, attended);
  const machine = await look();
  const routes = await defaultRoutes();
  const home = await chooseHome(asker, flags, homesOf(machine.interfaces, routes));
  const { own, link } = home;
  const self = { name: nameOf(machine.hostName), address: own.address };
  const gateways = routes.flatMap(({ gateway }) => gateway === undefined ? [] : [gateway]);
  const candidates = candidatesIn(own, gateways, CANDIDATES);
  const wanted = parsePrefix(flags.address ?? "");
  const questions = [...candidates, ...(wanted === undefined ? [] : [wanted])].map((prefix) => ({
    interface: link.name,
    address: prefix.address,
  }));
  tellLease(terminal, home);
  const listening = new Listening(terminal, link.name, flags.listen ?? LISTEN, questions);
  const nodes = await chooseNodes(asker, flags, self);
  const seen = await listening.result(terminal);
  demandHearing(seen, flags);
  const answers = await answersOf(nodes, seen, link.name);
  const evidence = { seen: { ...seen, answers }, interface: link.name, nodes };
  tellRunning(terminal, flags, nodes, runningClusters({ ...evidence, own: ownOf(machine) }));
  const vrid = chooseVrid(terminal, flags, seen, link.name);
  const address = await chooseAddress(asker, flags.address, { home, candidates, seen, nodes });
  const hasPage = await choosePage(asker, flags.page);
  const text = await compose(terminal, {
    instance: flags.name ?? "main",
    interface: link.name,
    vrid,
    heard: seen.refusal === undefined,
    address,
    nodes,
    check: proposedCheck(await portsHere()),
    hasPage,
  }, machine);
  terminal.out(text);
  const isDry = flags.dryRun === true;
  const secret = isDry || nodes.length === 0
    ? undefined
    : await drawFirst(credentialFile(FIRST_CREDENTIAL));
  if (!isDry) await writeNew(file, text, { force: flags.force === true, open: true });
  const made = { file, text, secret, nodes, self, address, hasPage, isDry };
  return await end(terminal, made, attended);
}

/**
 * What was answered, with the hardware addresses of the nodes where a machine answers for a
 * candidate.
 */
async function answersOf(
  nodes: readonly FirstNode[],
  seen: LanSeen,
  name: string,
): Promise<LanSeen["answers"]> {
  if (nodes.length === 0 || seen.answers.length === 0) return seen.answers;
  const questions = nodes.map(({ address }) => ({ interface: name, address }));
  const asked = await watchLan({ time: ASK_NODES, questions, endpoints: [] });
  return [...seen.answers, ...asked.answers];
}

/**
 * Says which clusters run already, and how to join one. Throws Failure where this machine is in one
 * and neither --vrid nor --force says that a second one is meant.
 */
function tellRunning(
  terminal: Terminal,
  { vrid, force }: InitFlags,
  nodes: readonly FirstNode[],
  running: readonly RunningCluster[],
): void {
  // Of senders that anybody can invent, the first few; those of our own cluster first.
  const first = running.toSorted((a, b) => Number(b.ours) - Number(a.ours)).slice(0, MOST_TOLD);
  for (const { node, shown, ours } of first) {
    const name = nodes.find(({ address }) => sameIp(address, node))?.name;
    const who = name === undefined ? formatIp(node) : `${name} (${formatIp(node)})`;
    const words = `a cluster runs already: ${who} ${shown}`;
    const join = joinWords(node);
    if (ours && vrid === undefined && force !== true) {
      const second = "A second cluster beside it: give a VRID that is free, --vrid N.";
      throw new Failure(EXIT.failed, words, `${join}\n${second}`);
    }
    terminal.error(`${words}\n${join}\n`);
  }
  const more = running.length - first.length;
  if (more > 0) terminal.error(`and ${more} more: see floatip listen\n`);
}

function ownOf({ interfaces }: Awaited<ReturnType<typeof look>>): readonly Ip[] {
  return interfaces.addresses.map(({ prefix }) => prefix.address);
}

async function defaultRoutes(): Promise<readonly DefaultRoute[]> {
  const [four, six] = await Promise.all(
    ["/proc/net/route", "/proc/net/ipv6_route"].map((path) =>
      Deno.readTextFile(path).catch(() => "")
    ),
  );
  return [...readDefaultRoutes(four ?? ""), ...readDefaultRoutes6(six ?? "")];
}

function nameOf(hostName: string): string {
  const name = shortName(hostName).replace(/[^\p{L}\p{N}_.-]/gu, "-").replace(
    /^[^\p{L}\p{N}]+/u,
    "",
  );
  return name === "" ? "node" : name;
}

/** The file names this machine by an address that a router may give to another one. */
function tellLease(terminal: Terminal, { own, link, validFor }: Home): void {
  if (validFor === undefined) return;
  terminal.error(
    `note: ${formatIp(own.address)} on ${link.name} is lent by DHCP, for ` +
      `${formatDuration(validFor)} more.\n` +
      "  The file names this machine by it: reserve it for this machine in the router, or set it " +
      "by hand.\n",
  );
}

/** The interface: asked only where there is a choice. */
async function chooseHome(
  asker: Questioner,
  flags: InitFlags,
  homes: readonly Home[],
): Promise<Home> {
  const [first] = homes;
  if (first === undefined) {
    const hint = "Give one an address first: ip addr add 192.168.1.11/24 dev eth0";
    throw new Failure(EXIT.failed, "no interface of this machine is up and has an address", hint);
  }
  const names = homes.map(({ link, own }) => `${link.name} (${formatPrefix(own)})`).join(", ");
  const byDhcp = (home: Home) => home.validFor === undefined ? "" : ", by DHCP";
  if (flags.interface === undefined && homes.length === 1) return first;
  return await asker.settle({
    what: "Interface",
    flag: "--interface",
    given: flags.interface,
    guess: first.link.name,
    remark: "(a number or a name)",
    explained: ["On which LAN should the address be?"],
    choices: homes.map((home, index) => ({
      value: home.link.name,
      remark: `${formatPrefix(home.own)}${byDhcp(home)}${index === 0 ? "; the best guess" : ""}`,
    })),
    read(text): Read<Home> {
      const home = homes.find(({ link }) => link.name === text);
      if (home !== undefined) return { kind: "value", value: home };
      return {
        kind: "wrong",
        words: `no interface ${text} that is up with an address: there is ${names}`,
      };
    },
  });
}

async function chooseNodes(
  asker: Questioner,
  flags: InitFlags,
  self: FirstNode,
): Promise<readonly FirstNode[]> {
  return await asker.settle({
    what: "The other machines, such as pi-b=192.168.1.12",
    flag: "--nodes",
    given: flags.nodes,
    guess: "",
    remark: "(Enter: each node that has the file)",
    explained: [
      "Which machines should share the address with this one? Each keeps an address of its own,",
      "which has to stay the same: set by hand, or reserved for it in the router.",
    ],
    read: (text) => readNodes(text, self, askProgram),
  });
}

/** Without the right to listen nothing can be guessed; with both values given it need not be. */
function demandHearing({ refusal }: LanSeen, flags: InitFlags): void {
  if (refusal === undefined || (flags.vrid !== undefined && flags.address !== undefined)) return;
  const hint = `${capabilityHint(["CAP_NET_RAW"], "init")} Or give --vrid and --address.`;
  throw new Failure(EXIT.notPermitted, `this user may not listen to the LAN (${refusal})`, hint);
}

function chooseVrid(
  terminal: Terminal,
  flags: InitFlags,
  seen: LanSeen,
  name: string,
): number {
  const used = usedVrids(seen, name);
  for (const [vrid, who] of used) terminal.error(`VRID ${vrid} is used by ${who}\n`);
  const free = freeVrid(new Set(used.keys()));
  if (flags.vrid === undefined) {
    if (free !== undefined) {
      terminal.error(`VRID ${free}: nothing on ${name} was heard with it\n`);
      return free;
    }
    throw new Failure(EXIT.failed, "every VRID is used on this LAN", "Take one with --vrid N.");
  }
  const who = used.get(flags.vrid);
  if (who !== undefined) {
    terminal.error(
      `warning: ${who} uses VRID ${flags.vrid}: correct if it is a peer; otherwise take ${free}\n`,
    );
  }
  return flags.vrid;
}

/** VRIDs that others use on the interface called `name`, by what packets ever, and who does. */
export function usedVrids(
  { adverts, unread }: Pick<LanSeen, "adverts" | "unread">,
  name: string,
): ReadonlyMap<number, string> {
  const isHere = (one: { readonly interface: string; readonly outgoing: boolean }): boolean =>
    one.interface === name && !one.outgoing;
  const strange = unread.filter(isHere).map(({ vrid, source, reason }) => {
    const what = isForeign(reason) ? ` (${FOREIGN[reason]})` : "";
    return [vrid, `${formatIp(source)}${what}`] as const;
  });
  const read = adverts.filter(isHere).map(({ advert, source }) =>
    [advert.vrid, formatIp(source)] as const
  );
  return new Map([...strange, ...read]);
}

/** Ports that programs listen on here, for the check that is proposed. */
async function portsHere(): Promise<ReadonlySet<number>> {
  const tables = ["tcp", "tcp6", "udp", "udp6"] as const;
  const found = await Promise.all(tables.map(async (table) => {
    const text = await Deno.readTextFile(`/proc/net/${table}`).catch(() => "");
    return readListeners(text, table).map(({ port }) => port);
  }));
  return new Set(found.flat());
}

/**
 * The text, after it has passed what `floatip check` would say. The interface stands in it only
 * where it has to.
 */
async function compose(
  terminal: Terminal,
  answers: FirstAnswers,
  machine: Awaited<ReturnType<typeof look>>,
): Promise<string> {
  const [{ decode }, { locate }] = await Promise.all([
    import("../../config/decode.ts"),
    import("../../config/locate.ts"),
  ]);
  const tryOut = (text: string) => {
    const decoded = decode(text);
    if (decoded.kind === "problems") return { problems: decoded.problems, found: undefined, text };
    const { node, problems } = plan(decoded.config, machine, undefined, undefined);
    return { problems, found: node.plans[0]?.interface, text };
  };
  const without = tryOut(firstFile({ ...answers, interface: undefined }));
  const chosen = without.found === answers.interface ? without : tryOut(firstFile(answers));
  const located = await locate(chosen.problems, chosen.text, "the new file");
  if (located.length > 0) terminal.error(`${problemsText(located)}\n`);
  if (located.some(({ severity }) => severity === "error")) {
    throw new Failure(EXIT.failed, "these answers make no sound file", "Nothing was written.");
  }
  return chosen.text;
}
