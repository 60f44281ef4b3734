/** Answers of a daemon for tests that are about something else. */
import type { ControlAnswers } from "../../../src/control/server.ts";
import { documentOf, master } from "../cli/documents.ts";

/** Answers that refuse every order. */
export const ANSWERS: ControlAnswers = {
  status: () => JSON.stringify(documentOf([master()])),
  metrics: () => "",
  reload: () => Promise.resolve({ applied: true, changes: [], warnings: [] }),
  testNotify: () => Promise.resolve({ results: [] }),
  handOver: ({ instance }) =>
    Promise.resolve({ instance, outcome: "refused", words: "this is a test", routers: [] }),
  maintain: () =>
    Promise.resolve({
      outcome: "refused",
      words: "a test",
      maintenance: null,
      saved: true,
      routers: [],
    }),
  restart: () => Promise.resolve({ restarting: false, words: "this is a test" }),
};
