// Cutting with the first m merges, in the browser: what the slider shows is computed here from the merges that were
// learned, so that it follows the hand. The same rules as core/text/bpe.py and core/text/wordpiece.py.

const pairKey = (left, right) => left * 65536 + right;

/** What is looked up again and again while scrubbing, made once for each learned vocabulary. */
function prepare(learned) {
  const steps = { ...learned };
  for (const name of ["left", "right", "made", "count", "symbols_left", "rivals", "score"]) {
    if (learned[name]) steps[name] = unpack(learned[name]);
  }
  steps.n = steps.left.length;
  steps.ranks = new Map(); // pair -> the steps that made it: nearly always one, and of several the last counts
  for (let i = 0; i < steps.n; i++) {
    const key = pairKey(steps.left[i], steps.right[i]);
    steps.ranks.set(key, [...(steps.ranks.get(key) ?? []), i]);
  }
  steps.ids = new Map(learned.entries.map((entry, id) => [entry, id]));
  steps.first = steps.n ? steps.made[0] : learned.entries.length;
  return steps;
}

/** [id, first letter, after last] of each piece: the earliest learned pair is joined first, the leftmost of equals. */
function mergeCut(ids, steps, m) {
  const parts = ids.map((id, i) => [id, i, i + 1]);
  for (;;) {
    let [best, at] = [m, -1];
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = steps.ranks.get(pairKey(parts[i][0], parts[i + 1][0]))?.findLast((step) => step < m);
      if (rank !== undefined && rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return parts;
    parts.splice(at, 2, [steps.made[best], parts[at][1], parts[at + 1][2]]);
  }
}

/** The same for WordPiece: the longest beginning that is an entry, then on; a word that gets stuck is unknown whole. */
function matchCut(letters, steps, m) {
  const parts = [];
  for (let from = 0; from < letters.length; ) {
    let to = letters.length;
    let id;
    for (; to > from; to--) {
      id = steps.ids.get((from ? "##" : "") + letters.slice(from, to).join(""));
      if (id !== undefined && id < steps.first + m) break;
      id = undefined;
    }
    if (id === undefined) return [[-1, 0, letters.length]];
    parts.push([id, from, to]);
    from = to;
  }
  return parts;
}

/** The text's pieces with the first m merges. */
function liveCut(row, cut, steps, m, chars) {
  return cut.flatMap(({ ids, letters, spans }) => {
    const parts = row.kind === "wordpiece" ? matchCut([...letters], steps, m) : mergeCut(ids, steps, m);
    return parts.map(([id, from, to]) => {
      const [start, end] = [spans[from][0], spans[to - 1][1]];
      if (id < 0) return { text: chars.slice(start, end).join(""), entry: "[UNK]", id: 0, start, end, unknown: true };
      return { text: steps.shown[id], entry: steps.entries[id], id, start, end, unknown: false, bytes: steps.bytes[id] };
    });
  });
}
