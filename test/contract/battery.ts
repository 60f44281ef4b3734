/** Tests that every Host passes: one battery for the simulated and the real one. */
import type { ContractCase } from "./lab.ts";
import { CHANNEL_CASES } from "./channel.ts";
import { CLAIM_CASES } from "./claims.ts";
import { CLONE_CASES } from "./clones.ts";
import { LEASE_CASES } from "./leases.ts";
import { NETWORK_CASES } from "./network.ts";
import { PRESENCE_CASES } from "./presence.ts";
import { PACKET_CASES } from "./packets.ts";
import { WAITING_CASES } from "./waiting.ts";

/** The battery. */
export const CONTRACT_CASES: readonly ContractCase[] = [
  ...PACKET_CASES,
  ...PRESENCE_CASES,
  ...WAITING_CASES,
  ...NETWORK_CASES,
  ...CLONE_CASES,
  ...LEASE_CASES,
  ...CLAIM_CASES,
  ...CHANNEL_CASES,
];
