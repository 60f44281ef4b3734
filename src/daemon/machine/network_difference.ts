/**
 * Difference between two pictures of the network: which links and addresses are to be looked at.
 */
import { differences, type Interfaces, type LinkAddress } from "../../net/interfaces.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What became another one between two pictures of the network. */
export interface NetworkDifference {
  /**
   * Names of links that are not what they were, and of those with an address that this program did
   * not put there.
   */
  readonly links: ReadonlySet<string>;
  /** Addresses that came, went or are not what they were. */
  readonly addresses: readonly LinkAddress[];
  /** Nothing but addresses that this program puts there and takes away. */
  readonly isOwnDoing: boolean;
}

/** The difference between two pictures; what is the same object in both is the same. Pure. */
export function networkDifference(
  before: Interfaces | undefined,
  now: Interfaces,
): NetworkDifference {
  const names = new Map([...before?.links ?? [], ...now.links].map((one) => [one.index, one.name]));
  const changedLinks = others(before?.links ?? [], now.links);
  const addresses = others(before?.addresses ?? [], now.addresses);
  const foreign = addresses.filter(({ ours }) => !ours);
  const links = new Set([
    ...changedLinks.map(({ name }) => name),
    ...foreign.flatMap(({ index }) => names.get(index) ?? []),
  ]);
  return { links, addresses, isOwnDoing: links.size === 0 };
}

/** What is in one of two lists alone. */
function others<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  const { gone, fresh } = differences(before, now);
  return [...gone, ...fresh];
}

/** Has `interfaces` fewer addresses of this program than `routers` have put there? */
export function areFewer(routers: readonly VirtualRouter[], interfaces: Interfaces): boolean {
  const placed = routers.reduce((sum, router) => sum + router.placed.size, 0);
  return interfaces.addresses.reduce((sum, { ours }) => ours ? sum + 1 : sum, 0) < placed;
}
