/** What the page draws of a status, in a document that keeps texts and classes alone. */
import assert from "node:assert/strict";
import type { NodeStatus, StatusDocument } from "../../../src/control/api.ts";
import { backup, documentOf, UP } from "../../support/cli/documents.ts";
import { openPage } from "../../support/web/fake_page.ts";

/** What pi-a shows while pi-b, the master that was heard 3 s ago, is in `state`. */
function seen(state: NodeStatus["state"]): StatusDocument {
  return documentOf([backup()], {
    nodes: [
      { ...UP, name: "pi-a", addresses: ["192.168.1.11"], self: true },
      { ...UP, name: "pi-b", addresses: ["192.168.1.12"], self: false, state, heard_ms: 3000 },
    ],
  });
}

Deno.test("page: a holder that is gone is neither green nor a holder", async () => {
  const page = await openPage();
  page.take(seen("up"));
  assert.match(page.text("instances"), /● held by pi-b/);
  assert.deepEqual(page.styles("instances", "holder"), ["holder good"]);
  assert.match(page.text("nodes"), /★ pi-b/);
  assert.equal(page.text("verdict"), "● All is well");
  for (const state of ["lost", "left"] as const) {
    page.take(seen(state));
    assert.match(page.text("instances"), /▲ pi-b held it 3 s ago/, state);
    assert.deepEqual(page.styles("instances", "holder"), ["holder warn"], state);
    assert.doesNotMatch(page.text("nodes"), /★ pi-b/, state);
    assert.equal(page.text("verdict"), "▲ The holder of an address is gone", state);
  }
});
