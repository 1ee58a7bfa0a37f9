// Computes a page's picture in Node as a file that carries its model does: argv[2] is a JSON file {way, own, cases: [{text,
// moment, values}]}; prints the data of each case, with what is left to compute when the picture stands.

import { readFileSync } from "node:fs";
import { computing } from "../../app/outside/model/computing.js";

const asked = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { computing: way } = await import(`../../${asked.way}`);
const machine = computing(way, asked.own);
const base64 = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
const packed = (_, value) => (ArrayBuffer.isView(value)
  ? { b64: base64(value), dtype: value instanceof Uint8Array ? "u8" : "f32", shape: value.shape } : value);

const found = asked.cases.map(({ text, moment, values, event }) => {
  machine.reset();
  Object.assign(machine.now, { text, moment: moment ?? 0 });
  Object.assign(machine.now.values, values);
  const turn = event ? machine.event(...event) : null;
  machine.data();
  const work = machine.later();
  for (let step = work.next(); !step.done;) step = work.next();
  return { turn, now: { text: machine.now.text, values: machine.now.values }, ...machine.data() };
});
process.stdout.write(JSON.stringify(found, packed));
