/** One worker of a long simulation: it runs one piece of seeds after the other. */
import { counted, type CountedKind } from "./counted.ts";

/** Consecutive seeds of one kind. */
export interface Piece {
  readonly kind: CountedKind;
  readonly first: number;
  readonly last: number;
}

/** What came of a piece. */
export interface PieceResult extends Piece {
  readonly transitions: number;
  readonly faults: number;
  readonly nodeHours: number;
  /** One text for each run that went wrong. */
  readonly failures: readonly string[];
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Piece>) => void;
  postMessage(result: PieceResult): void;
};

// A worker's global scope; imported anywhere else for its types alone.
scope.onmessage = async ({ data }) => scope.postMessage(await simulate(data));

async function simulate({ kind, first, last }: Piece): Promise<PieceResult> {
  const failures: string[] = [];
  let [transitions, faults, nodeHours] = [0, 0, 0];
  for (let seed = first; seed <= last; seed++) {
    const one = await counted(kind, seed);
    transitions += one.transitions;
    faults += one.faults;
    nodeHours += one.nodeHours;
    if (one.failure !== undefined) failures.push(one.failure);
  }
  return { kind, first, last, transitions, faults, nodeHours, failures };
}
