import assert from "node:assert/strict";
import { BROADCAST_MAC, formatMac, parseMac } from "../../../src/net/mac.ts";

Deno.test("an Ethernet address comes back from its text", () => {
  for (const text of ["3e:c6:a7:7f:02:04", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"]) {
    const mac = parseMac(text);
    assert(mac);
    assert.equal(mac.toHex(), text.replaceAll(":", ""));
    assert.equal(formatMac(mac), text);
  }
  assert.equal(formatMac(BROADCAST_MAC), "ff:ff:ff:ff:ff:ff");
  assert.deepEqual(parseMac("3E:C6:A7:7F:02:04"), parseMac("3e:c6:a7:7f:02:04"));
});

Deno.test("what is not an Ethernet address is undefined", () => {
  const wrong = ["", "3e:c6:a7:7f:02", "3e:c6:a7:7f:02:04:05", "3e-c6-a7-7f-02-04", "3ec6a77f0204"];
  for (const text of [...wrong, "3e:c6:a7:7f:02:0g", "3e:c6:a7:7f:2:04", " 3e:c6:a7:7f:02:04"]) {
    assert.equal(parseMac(text), undefined, text);
  }
});
