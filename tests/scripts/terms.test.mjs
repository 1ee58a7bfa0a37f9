// Which words of a text are terms, and where they stand.

import assert from "node:assert/strict";
import test from "node:test";

import { finder, pattern } from "../../app/frame/terms.js";

const TERMS = [
  { name: "token", as: null },
  { name: "key", as: null },
  { name: "query", as: null },
  { name: "attention", as: null },
  { name: "cross-attention", as: null },
  { name: "MLP", as: null },
  { name: "L1H0", as: "L\\d+H\\d+" },
  { name: "·", as: "·[\\p{L}\\p{N}]+" },
  { name: "dot", as: "" },
  { name: "[MASK]", as: null },
  { name: "head", as: null },
  { name: "induction head", as: null },
];
const find = finder(TERMS);
const said = (text, code = false) =>
  find(text, code).map(({ from, to, at }) => `${TERMS[at].name}:${text.slice(from, to)}`);

test("a term is found as it stands, in the plural and with a capital", () => {
  assert.deepEqual(said("Tokens ask with queries; a key answers."), [
    "token:Tokens",
    "query:queries",
    "key:key",
  ]);
  assert.deepEqual(said("keys"), ["key:keys"]);
});
test("names with capitals are found as they are written, and no other way", () => {
  assert.deepEqual(said("An MLP, not an mlp, and [MASK]"), ["MLP:MLP", "[MASK]:[MASK]"]);
});
test("part of a word is no term", () =>
  assert.deepEqual(said("keyboard, tokenizer, multi-head, head-on, headed, monkey"), []));
test("of two terms at one place the longer one is found", () => {
  assert.deepEqual(said("cross-attention of an induction head"), [
    "cross-attention:cross-attention",
    "induction head:induction head",
  ]);
});
test("any head is recognised by its number", () =>
  assert.deepEqual(said("L3H2 and L10H11"), ["L1H0:L3H2", "L1H0:L10H11"]));
test("in code only a token’s dot and the start token count", () => {
  assert.deepEqual(
    finder([...TERMS, { name: "<s>", as: null }])("<s> token", true).map(({ from, to }) => [from, to]),
    [[0, 3]],
  );
  assert.deepEqual(said("·red token", true), ["·:·red"]);
  assert.deepEqual(said("head", true), []);
});
test("a term that is recognised by nothing is never found", () => assert.deepEqual(said("a dot"), []));
test("no terms, nothing found", () => assert.deepEqual(finder([])("token"), []));
test("signs of a name are read as they are", () =>
  assert.equal(pattern({ name: "1/√d", as: null }), "1\\/√d"));
test("in Spanish each noun and adjective of a term has its plural", () => {
  const terms = [
    ["head", "cabeza de atención"],
    ["residual stream", "flujo residual"],
    ["position", "posición"],
    ["vertex", "vértice"],
    ["role", "vez"],
  ];
  const forms = terms.map(([name, shown]) => pattern({ name, shown, as: null }, "es"));
  const whole = (at, text) => new RegExp(`^(?:${forms[at]})$`, "u").test(text);
  assert.ok(
    whole(0, "cabezas de atención") && whole(0, "Cabeza de atención") && !whole(0, "cabezas des atención"),
  );
  assert.ok(whole(1, "Flujos residuales") && whole(1, "flujo residual"));
  assert.ok(whole(2, "posiciones") && whole(2, "Posición") && !whole(2, "posicións"));
  assert.ok(whole(3, "vértices") && whole(4, "veces"));
  assert.equal(
    pattern({ name: "held out", shown: "reservado", as: "reservad[oa]s?" }, "es"),
    "reservad[oa]s?",
  );
});
