// A learner's own scores as text, as edits.py reads and writes them: "self.1.0.9.0:8,7,3.5;8,6,-inf" is a place, then edits;
// a "!" after one: the key is in view in spite of the mask.

/**
 * @typedef {{row: number, col: number, value: number, shown: boolean}[]} Scores by row and column
 * What the picture sends: a score of one cell, or that its key is hidden, or that it gets its own score back.
 * @typedef {{row: number, col: number, value?: number, hide?: boolean, back?: boolean, show?: boolean}} Edit
 */

const MOST = 80; // edits that a link carries
const LARGEST = 1000;

/** What edits belong to: a head, over so many tokens. @type {(block: number, head: number, tokens: number) => string} */
export const placeOf = (block, head, tokens) => `self.${block}.${head}.${tokens}.0`;

/** The edits of a place; what does not fit is left out. @type {(text: string, place: string, tokens: number) => Scores} */
export function read(text, place, tokens) {
  const at = text.indexOf(":");
  if (at < 0 || text.slice(0, at) !== place) return [];
  /** @type {Map<string, Scores[number]>} */
  const found = new Map();
  for (const part of text
    .slice(at + 1)
    .split(";")
    .slice(0, MOST)) {
    const numbers = part
      .replace(/!$/, "")
      .split(",")
      .map((one) => (one === "-inf" ? -Infinity : one.trim() ? Number(one) : NaN));
    const [row, col, value] = numbers;
    const inside = [row, col].every((one) => Number.isInteger(one) && one >= 0 && one < tokens);
    if (numbers.length !== 3 || !inside || !(Math.abs(value) <= LARGEST || value === -Infinity)) continue;
    found.set(`${row},${col}`, { row, col, value, shown: part.endsWith("!") });
  }
  return [...found.values()].sort((a, b) => a.row - b.row || a.col - b.col);
}

/** @type {(scores: Scores, place: string) => string} */
export function written(scores, place) {
  const parts = scores
    .slice(-MOST)
    .map(
      ({ row, col, value, shown }) =>
        `${row},${col},${value === -Infinity ? "-inf" : Number(value.toPrecision(6))}${shown ? "!" : ""}`,
    );
  return parts.length ? `${place}:${parts.join(";")}` : "";
}

/** The scores after what the picture sent; what fits no cell changes nothing. @type {(event: Edit, scores: Scores, tokens: number) => Scores} */
export function applied({ row, col, value, hide, back, show }, scores, tokens) {
  if (![row, col].every((one) => Number.isInteger(one) && one >= 0 && one < tokens)) return scores;
  const others = scores.filter((one) => one.row !== row || one.col !== col);
  const before = scores.find((one) => one.row === row && one.col === col);
  if (back) return others;
  if (hide) return [...others, { row, col, value: -Infinity, shown: false }];
  if (typeof value !== "number" || Number.isNaN(value) || value === Infinity) return scores;
  const fitted = value === -Infinity ? value : Math.min(Math.max(value, -LARGEST), LARGEST);
  return [...others, { row, col, value: fitted, shown: show === true || Boolean(before?.shown) }];
}
