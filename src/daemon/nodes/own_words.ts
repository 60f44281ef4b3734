/** What this node says of itself and of its virtual routers, by what the machine says now. */
import type { NodeReport, RouterReport } from "../../cluster/report.ts";
import type { Config } from "../../config/config.ts";
import type { Host } from "../../host.ts";
import type { Ip } from "../../net/ip.ts";
import { after, ageMs, type Instant, seconds } from "../../time.ts";
import { VERSION } from "../../version.ts";
import type { Checks } from "../checks.ts";
import type { Maintenance } from "../command.ts";
import { type Around, maintenanceReport, placeOf, routerReport } from "./own_report.ts";
import type { OwnFile } from "./own_file.ts";
import type { SealedAdverts } from "./sealed_adverts.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** How often the kernel is asked for the gateways, where a check asks one of them. */
const GATEWAYS_EVERY = seconds(10);

/** What it is made of. */
export interface OwnWordsOptions {
  readonly host: Pick<Host, "now" | "wallTime" | "interfaces" | "gateways">;
  readonly checks: Checks;
  /** The configuration in force, and this node's name. */
  readonly config: () => Config;
  readonly self: () => string | undefined;
  readonly maintenance: () => Maintenance | undefined;
  /** The seals of adverts. */
  readonly seals: Pick<SealedAdverts, "sealing">;
  /** Does this process give everything up, to end? */
  readonly isLeaving: () => boolean;
}

/** What this node says. */
export class OwnWords {
  readonly #options: OwnWordsOptions;
  readonly #file: Pick<OwnFile, "hash" | "since">;
  readonly #started: Instant;
  #gateways: { readonly at: Instant; readonly list: readonly Ip[] } | undefined;

  constructor(options: OwnWordsOptions, file: Pick<OwnFile, "hash" | "since">) {
    this.#options = options;
    this.#file = file;
    this.#started = options.host.now();
  }

  /** Of itself. */
  ofNode(now: Instant): NodeReport {
    const { config, maintenance, isLeaving, host, seals } = this.#options;
    const { cluster } = config();
    return {
      version: VERSION,
      up: ageMs(this.#started, now),
      keys: cluster?.keys.map(({ id }) => id) ?? [],
      file: this.#file.hash ?? null,
      fileAge: ageMs(this.#file.since ?? now, now),
      maintenance: maintenanceReport(maintenance(), host.wallTime()),
      leaving: isLeaving(),
      seals: cluster !== undefined && !isLeaving() ? seals.sealing : [],
    };
  }

  /** Of `routers`. */
  of(routers: readonly VirtualRouter[], now: Instant): readonly RouterReport[] {
    const around = this.#surroundings(now);
    return routers.map((router) => routerReport(router, around));
  }

  /** Of the place of `router` on the LAN. */
  placeOf(router: VirtualRouter, now: Instant): Pick<RouterReport, "link" | "gateway"> {
    return placeOf(router, this.#surroundings(now));
  }

  #surroundings(now: Instant): Around {
    const { host, checks, self } = this.#options;
    return {
      self: self() ?? "unknown",
      checks,
      interfaces: host.interfaces(),
      gateways: this.#gatewaysAt(now),
      now,
    };
  }

  /** Where no check asks an address, the kernel is not asked for gateways either. */
  #gatewaysAt(now: Instant): readonly Ip[] {
    const { config, host } = this.#options;
    if (!config().checks.some(({ probe }) => probe.kind === "ping")) return [];
    if (this.#gateways === undefined || after(this.#gateways.at, GATEWAYS_EVERY) <= now) {
      this.#gateways = { at: now, list: host.gateways() };
    }
    return this.#gateways.list;
  }
}
