/** The lease of an exclusive instance, and a machine that only votes, in the text of a status. */
import type { InstanceStatus, StatusDocument } from "../../control/api.ts";
import { formatDuration, milliseconds } from "../../time.ts";

/** "votes: 3 of 3 (2 needed), for 2.1 s more, epoch 17"; nothing where it needs no lease. */
export function votesLines({ votes }: InstanceStatus): readonly string[] {
  if (votes === null || votes === undefined) return [];
  const { have, need, of, remaining_ms: rest, epoch, refusals } = votes;
  if (epoch === null && have === 0 && refusals.length === 0) return [];
  const held = rest === null ? "" : `, for ${formatDuration(milliseconds(rest))} more`;
  const number = epoch === null ? "" : `, epoch ${epoch}`;
  return [
    `  votes: ${have} of ${of.length} (${need} needed)${held}${number}`,
    ...refusals.map((words) => `    ${words}`),
  ];
}

/** What a machine that only votes says of itself. */
export function witnessText({ node }: StatusDocument): string {
  return `${node} is a witness: it votes, and holds no address`;
}
