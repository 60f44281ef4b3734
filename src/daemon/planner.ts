/** The plan of a node, made by parts that turns of the loop share. */
import type { Config } from "../config/config.ts";
import { type Change, diff } from "../config/plan/diff.ts";
import type { NodePlan } from "../config/plan/plan.ts";
import { planNode } from "../config/plan/plan_node.ts";
import type { Host } from "../host.ts";
import type { Checks } from "./checks.ts";
import type { Routers } from "./routers.ts";
import { goOn, type Slice } from "./slice.ts";

/** What a planner works with. */
export interface PlannerOptions {
  readonly host: Host;
  /** --node NAME. */
  readonly nodeName: string | undefined;
  readonly routers: Routers;
  readonly checks: Checks;
}

/** Plans what one node runs. */
export class Planner {
  readonly #options: PlannerOptions;
  #node: NodePlan | undefined;
  #parts: Generator<void, readonly Change[]> | undefined;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** What was planned last. */
  get node(): NodePlan | undefined {
    return this.#node;
  }

  /** Is a plan being made? */
  get isBusy(): boolean {
    return this.#parts !== undefined;
  }

  /** Holds `config` against the present network: {@link Planner.goOn}. */
  begin(config: Config): void {
    const { host, nodeName } = this.#options;
    const machine = { hostName: host.hostName(), interfaces: host.interfaces() };
    this.#parts = this.#plan(planNode(config, machine, nodeName, this.#node));
  }

  /** What is to change, when the plan is made; undefined: the rest is for later turns. */
  goOn(slice: Slice): readonly Change[] | undefined {
    const changes = this.#parts === undefined ? undefined : goOn(this.#parts, slice);
    if (changes !== undefined) this.#parts = undefined;
    return changes;
  }

  *#plan(parts: ReturnType<typeof planNode>): Generator<void, readonly Change[]> {
    const { host, routers, checks } = this.#options;
    const { node } = yield* parts;
    yield;
    const changes = yield* diff(routers.all.map(({ plan }) => plan), node.plans);
    yield;
    this.#node = node;
    checks.settle(node.checks, node.node, host.now());
    return changes;
  }
}
