import assert from "node:assert/strict";
import { MqttSink } from "../../../src/notify/mqtt.ts";
import { AnswerReader } from "../../../src/notify/mqtt_answers.ts";
import { FakeBroker } from "../../support/notify/broker.ts";
import { record } from "../../support/notify/records.ts";

/** A packet of this type and these bytes, its length written as it must be. */
function packet(type: number, bytes: readonly number[]): readonly number[] {
  const length: number[] = [];
  let left = bytes.length;
  do {
    length.push(left % 128 + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return [type << 4, ...length, ...bytes];
}

const CONNACK = packet(2, [0, 0]);
const PUBACK = packet(4, [1, 2]);
const PINGRESP = packet(13, []);
const PUBLISH = packet(3, Array.from({ length: 300 }, (_, i) => i % 256));

/** Answers as arrays, however the stream is cut. */
function read(bytes: readonly number[], size: number): readonly (readonly number[])[] | undefined {
  const reader = new AnswerReader();
  const all: (readonly number[])[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const answers = reader.read(Uint8Array.from(bytes.slice(at, at + size)));
    if (answers === undefined) return undefined;
    all.push(...answers.map((one) => [...one]));
  }
  return all;
}

Deno.test("answers come whole however the stream is cut, and messages are skipped", () => {
  const stream = [...CONNACK, ...PUBACK, ...PUBLISH, ...PINGRESP, ...PUBLISH, ...PUBACK];
  for (const size of [1, 2, 3, 7, 100, 1024]) {
    assert.deepEqual(read(stream, size), [CONNACK, PUBACK, PINGRESP, PUBACK]);
  }
});

Deno.test("with a subscription short messages come, long ones are skipped", () => {
  const SUBACK = packet(9, [0, 1, 0]);
  const short = packet(3, [0, 1, 65, 79, 78]);
  const reader = new AnswerReader(10);
  const stream = [...SUBACK, ...PUBLISH, ...short, ...PUBACK].flatMap((byte) =>
    reader.read(Uint8Array.of(byte)) ?? assert.fail()
  );
  assert.deepEqual(stream.map((one) => [...one]), [SUBACK, short, PUBACK]);
});

const wrong: Readonly<Record<string, readonly number[]>> = {
  "a length of five bytes": [0x20, 0xff, 0xff, 0xff, 0xff, 0x01],
  "a length without an end": [0x30, 0xff, 0xff, 0xff, 0xff],
  "a long acceptance": packet(2, [0, 0, 0]),
  "an empty acknowledgement": packet(4, []),
  "a subscription": packet(9, [0, 1, 0]),
  "type 0": packet(0, []),
  "HTTP": [...new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
};

for (const [name, bytes] of Object.entries(wrong)) {
  Deno.test(`not what a broker says: ${name}`, () => {
    for (const size of [1, 3, 1024]) assert.equal(read([...CONNACK, ...bytes], size), undefined);
  });
}

const NOTHING = {
  user: undefined,
  password: undefined,
  ca: undefined,
  discovery: false,
  orders: false,
};

Deno.test("a broker that answers junk has its connection ended, and holds nothing up", async () => {
  // Read with 32 bits, the first length is -6: a reader that believes it goes nowhere.
  const wrongs = [
    Uint8Array.of(0x20, 0xfa, 0xff, 0xff, 0xff, 0x0f),
    new Uint8Array(1024).fill(0x8f),
  ];
  for (const wrong of wrongs) {
    await using broker = new FakeBroker(() => wrong);
    const settings = { url: broker.url, topic: "floatip", ...NOTHING };
    const sink = new MqttSink(settings, null, 5000, () => {});
    const answer = await sink.deliver(record(), new AbortController().signal);
    assert.deepEqual([answer.ok, answer.text], [false, "closed by the broker"]);
    await sink.close(new AbortController().signal);
  }
});
