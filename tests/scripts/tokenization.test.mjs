// The layout of the Tokenization rows: every piece stands under its own characters, and none lies over another.
import assert from "node:assert/strict";
import test from "node:test";

import { placePieces, placesOf, rowPlaces, textColumns, wordAt } from "../../pages/tokenization/layout.js";

const TEXT = "One 👍 is unhappiness.";
const piece = (start, end, more = {}) => ({
  text: [...TEXT].slice(start, end).join(""),
  entry: "",
  id: 0,
  start,
  end,
  unknown: false,
  ...more,
});
const characters = [...TEXT].map((_, i) => piece(i, i + 1));
const words = [piece(0, 3), piece(3, 5), piece(5, 8), piece(8, 20), piece(20, 21)];
// A vocabulary of bytes breaks the emoji into four pieces, which share its column.
const bytes = [
  piece(0, 4),
  ...["f0", "9f", "91", "8d"].map((byte) => piece(4, 5, { bytes: byte })),
  piece(5, 21),
];
const spoken = [..." unhappiness"].map((text, i) => ({ ...piece(i, i + 1), text }));
const rows = [characters, words, bytes].map((pieces, i) => ({ pieces, word: spoken, group: Number(i > 1) }));
const data = { chars: [...TEXT], front: ["[CLS]"], back: ["[SEP]"], spoken: " unhappiness" };

for (const width of [1280, 358]) {
  test(`pieces at ${width} pixels`, () => {
    const columns = textColumns(data, rows, width);
    assert.ok(
      columns.left + columns.room + columns.right + (columns.word ? columns.word.width + 28 : 0) <= width + 1,
    );
    assert.equal(
      columns.word !== null,
      width === 1280,
      "the word stands beside the text where there is room",
    );
    assert.equal(columns.x.length, data.chars.length + 1, "a column for each character");
    for (const row of rows) {
      const boxes = placePieces(row.pieces, columns.x);
      assert.equal(boxes.length, row.pieces.length);
      for (const [i, [from, to]] of boxes.entries()) {
        assert.ok(to - from >= 8, "a piece has room for its text");
        assert.ok(
          from >= columns.front && to <= columns.total - columns.back + 1e-6,
          "between the special tokens",
        );
        assert.ok(
          from >= columns.x[row.pieces[i].start] - 1e-6 && to <= columns.x[row.pieces[i].end] + 1e-6,
          "under its characters",
        );
        if (i) assert.ok(from >= boxes[i - 1][1] - 1e-6, "no piece lies over another");
      }
    }
  });
  test(`rows at ${width} pixels`, () => {
    const columns = textColumns(data, rows, width);
    const places = rowPlaces(rows, columns);
    assert.equal(places.length, rows.length);
    assert.ok(columns.pitch >= (width === 1280 ? 22 : 30), "a finger hits a row");
    assert.equal(places[1] - places[0], columns.pitch);
    assert.ok(places[2] - places[1] > columns.pitch, "groups stand apart");
  });
}

test("a sign before the text stands for none of it", () => {
  const columns = textColumns(data, [{ pieces: [piece(0, 0), ...words], word: [] }], 1280);
  const [sign, first] = placePieces([piece(0, 0), ...words], columns.x);
  assert.ok(sign[0] >= columns.front && sign[1] <= first[0]);
});

test("a word is found from any of its characters, and wherever it stands", () => {
  const chars = [..."the cat saw the dog"];
  assert.equal(wordAt(chars, 5), "cat");
  assert.equal(wordAt(chars, 3), "cat", "from the space before it");
  assert.deepEqual(placesOf(chars, "the"), [
    [0, 3],
    [12, 15],
  ]);
  assert.deepEqual(placesOf(chars, ""), []);
  assert.ok(wordAt([..."x".repeat(80)], 40).length <= 24);
});
