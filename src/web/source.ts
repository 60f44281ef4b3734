/** What the page's server asks the daemon for. */
import type { HandoverAnswer, MaintenanceAnswer, StatusDocument } from "../control/api.ts";
import type { HandoverRequest, MaintenanceRequest } from "../control/requests.ts";

/** All that is shown, and the orders that a page with a password takes. */
export interface WebSource {
  status(): StatusDocument;
  /** The exposition for Prometheus. */
  metrics(): Iterable<string>;
  /** The newest lines of this node's history. Rejects where the file cannot be read. */
  history(): Promise<Uint8Array<ArrayBuffer>>;
  handOver(request: HandoverRequest): Promise<HandoverAnswer>;
  maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer>;
  /** Writes an order down with the address that it came from. */
  ordered(what: string, from: string): void;
}
