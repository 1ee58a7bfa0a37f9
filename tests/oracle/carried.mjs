// Runs a packed model in Node: argv[2] is a JSON file {model, moment, texts | ids, off}; prints what every hook held.

import { readFileSync } from "node:fs";
import { open } from "../../app/outside/model/carried.js";
import { run, unembed } from "../../app/outside/model/forward.js";

const asked = JSON.parse(readFileSync(process.argv[2], "utf8"));
const opened = open(asked.model);
const model = opened.at(asked.moment ?? 0);
const base64 = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

const all = (asked.ids ?? asked.texts.map((text) => opened.tokenizer.encode(text))).map((ids) => {
  const trace = asked.run === false ? new Map() : run(model, ids);
  const last = asked.run === false ? [] : unembed(model, trace.get("unembed.hook_in"));
  return {
    ids, decoded: opened.tokenizer.decode(ids), displayed: ids.map((id) => opened.tokenizer.display(id)), lens: last.length,
    hooks: [...trace].map(([name, value]) => ({ name, b64: base64(value), dtype: "f32", shape: value.shape })),
  };
});
process.stdout.write(JSON.stringify(all));
