/** Members of etcd, asked for the doctor. */
import { probeOf } from "../../cluster/etcd/gateway.ts";
import type { EtcdPlan } from "../../config/plan/etcd.ts";
import { EtcdClient } from "../../linux/etcd.ts";
import { milliseconds } from "../../time.ts";
import type { EtcdSeen } from "../../tools/doctor/environment.ts";

/** Asks each of them, as the daemon does. Never rejects. */
export async function askMembers(plan: EtcdPlan): Promise<readonly EtcdSeen[]> {
  using client = new EtcdClient(plan.settings);
  return await Promise.all(plan.members.map(async (member, index): Promise<EtcdSeen> => {
    const start = performance.now();
    const result = await client.call(index, probeOf(plan.prefix));
    const took = milliseconds(performance.now() - start);
    if (result.kind !== "answer") return { member, words: result.words, took };
    return {
      member,
      words: undefined,
      took,
      cluster: result.cluster,
      ...await client.status(index),
    };
  }));
}
