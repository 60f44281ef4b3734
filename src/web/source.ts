/** What the page's server asks the daemon for. */
import type { HandoverAnswer, InstanceStatus, MaintenanceAnswer } from "../control/api.ts";
import type { HandoverRequest, MaintenanceRequest } from "../control/requests.ts";

/** All that is shown, and the orders that a page with a password takes. */
export interface WebSource {
  /** The status document as JSON, in parts, on one line; with `more` at its end. */
  status(more: object): Iterable<string>;
  /** Which instances there are, and what they are, now. */
  states(): readonly Pick<InstanceStatus, "name" | "family" | "state">[];
  /** The exposition for Prometheus. */
  metrics(): Iterable<string>;
  /** The newest lines of this node's history. Rejects where the file cannot be read. */
  history(): Promise<Uint8Array<ArrayBuffer>>;
  handOver(request: HandoverRequest): Promise<HandoverAnswer>;
  maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer>;
  /** Writes an order down with the address that it came from. */
  ordered(what: string, from: string): void;
}
