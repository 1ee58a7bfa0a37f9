// What stands where in the tree: a row for every end of a path, a column for every step, in pixels of the picture.
// Rows and columns are those of the whole tree, so that nothing moves while the steps grow it.

const PANEL = 240; // the distribution at the right
const TOP = 44; // column heads
const ROWS_END = 384; // below: the reckoning, then the legend
const RACE = 96;
const TALL = 520;
const LABEL = 102; // sum, name and, in a second line, score at the end of a path
const GAP = 36; // between two steps: the place of a probability, at least
const LEFT = 4;

/** Rank of a path among siblings: the best at the top, then the beams, what a hand forced, samples, greedy, the rest. */
function standing(data, name) {
  if (name === data.best) return 0;
  const rank = Number(name.split(" ")[1] ?? 1);
  return name.startsWith("beam") ? rank : name.startsWith("forced") ? 2000 + rank : name === "sample" ? 4000 : 5000;
}

/** The tree's own order and what of it is drawn: children, the row of every node, how many rows, how many ends hidden.
 *  Every path is drawn. Of the other ends (texts that a beam search dropped, tokens that nobody took) those with the
 *  largest sums are, as many as there are rows for. */
function arrange(data, most) {
  const { parent, on, sum, next, running } = data.nodes;
  const all = parent.map((_, i) => i);
  const taken = (i) => i === 0 || on[i].length > 0;
  const ends = all.filter((i) => taken(i) && !data.children[i].some(taken)).length;
  const dropped = (i) => running[i] || next[i] >= 0;
  const bySum = (list) => list.sort((a, b) => sum[b] - sum[a]);
  const dead = bySum(all.filter((i) => !taken(i) && dropped(i) && !data.children[i].some(dropped)));
  const pale = bySum(all.filter((i) => !taken(i) && !dropped(i) && taken(parent[i])));
  const spare = Math.max(3, most - ends);
  const few = Math.min(pale.length, Math.max(2, Math.floor(spare / 3))); // tokens to force are never crowded out
  const kept = [...dead.slice(0, spare - few), ...pale.slice(0, Math.max(few, spare - dead.length))];
  const drawn = parent.map((_, i) => taken(i));
  for (const end of kept) for (let i = end; !drawn[i]; i = parent[i]) drawn[i] = true;
  const key = on.map((names, i) => (names.length ? Math.min(...names.map((name) => standing(data, name))) : 1e5 - sum[i] * 100));
  for (let i = parent.length - 1; i > 0; i--) key[parent[i]] = Math.min(key[parent[i]], key[i]);
  const kids = data.children.map((list) => list.filter((i) => drawn[i]).sort((a, b) => key[a] - key[b]));
  const row = new Array(parent.length).fill(-1);
  let rows = 0;
  const place = (i) => {
    if (!kids[i].length) { row[i] = rows++; return; }
    for (const child of kids[i]) place(child);
    row[i] = row[kids[i][0]];
  };
  place(0);
  return { kids, row, rows, drawn: (i) => drawn[i], hidden: dead.filter((i) => !drawn[i]).length };
}

function widthsOf(data, at, size) {
  const { depth, text, on } = data.nodes;
  const widths = new Array(data.depth + 1).fill(30);
  for (let i = 0; i < text.length; i++) {
    if (!at.drawn(i)) continue;
    const room = measure(visible(i ? text[i] : data.prompt.chip), size, true) + 8;
    widths[depth[i]] = Math.max(widths[depth[i]], Math.min(room, on[i].length || !i ? 104 : 46));
  }
  return widths;
}

/** Take what is a little too much off the widest columns; a tree that is much too wide pans instead. */
function narrow(widths, excess) {
  if (excess > 90) return;
  for (let most = Math.max(...widths); excess > 0 && most > 44; most--) {
    for (let d = 0; d < widths.length && excess > 0; d++) if (widths[d] >= most) { widths[d]--; excess--; }
  }
}

/** Everything that drawing needs: {wide, w, x[], w[], y(i), pitch, panel, total, tall, ...}. */
function plan(g, data, local) {
  const wide = g.width >= 900;
  const panel = data.next.stages.filter((stage) => stage.active || ALWAYS.includes(stage.name)).length > 4 ? PANEL + 46 : PANEL;
  const room = wide ? g.width - panel - 22 : g.width;
  const high = ROWS_END - TOP;
  const at = (local.arranged ??= arrange(data, Math.floor(high / 30)));
  const pitch = clamp(Math.floor(high / at.rows), 29, 44);
  const longest = Math.max(...data.paths.map((path) => measure(num(path.sum, 2), 13, true)), 0);
  const labels = LABEL + Math.max(0, longest + 7 - 46);
  const depth = data.depth;
  const widths = widthsOf(data, at, 13);
  narrow(widths, LEFT + labels + GAP * depth + widths.reduce((a, b) => a + b, 0) - room);
  const base = widths.reduce((a, b) => a + b, 0);
  const spare = room - LEFT - labels - base - (GAP + 1) * depth;
  if (spare > 0 && depth) {
    const wider = Math.min(spare / 2 / depth, 24);
    for (let d = 1; d <= depth; d++) widths[d] += Math.max(0, Math.min(wider, 64 - widths[d]));
  }
  const used = widths.reduce((a, b) => a + b, 0);
  const gap = depth ? clamp((room - LEFT - labels - used) / depth, GAP, 72) : GAP;
  const x = [LEFT];
  for (let d = 1; d <= depth; d++) x.push(x[d - 1] + widths[d - 1] + gap);
  const end = x[depth] + widths[depth];
  const total = end + labels;
  const deep = at.rows * pitch;
  const first = TOP + Math.max(8, Math.min(16, (high - deep) / 2));
  const rowsAt = TOP + high;
  const race = wide ? RACE : 152 + (data.verdict.act ? 52 : 0); // a phone's sentence has more lines, and its button a line
  return {
    ...at, wide, room, pitch, labels, x, w: widths, gap, end, total, deep, first, depth,
    clip: { x: 0, y: TOP - 6, w: room, h: high + 8 },
    y: (i) => first + (at.row[i] + 0.5) * pitch,
    raceY: rowsAt + 4, legendY: rowsAt + race + 4,
    panel: wide ? { x: g.width - panel, y: 0, w: panel } : { x: 0, y: rowsAt + race + 126, w: g.width },
    mostX: total - room > 6 ? total - room : 0, mostY: Math.max(0, deep + (first - TOP) - high),
  };
}

/** Move the tree under its window so that node i can be seen. */
function reveal(local, i) {
  const at = local.at;
  if (!at || at.row[i] < 0) return;
  const d = local.data.nodes.depth[i];
  const left = at.x[d] - (d ? at.gap : 0);
  const right = at.x[d] + at.w[d] + (d === at.depth ? at.labels : 8);
  local.panX = clamp(local.panX, Math.max(0, right - at.room), Math.min(left, at.mostX));
  const y = at.y(i);
  local.panY = clamp(local.panY, Math.max(0, y + at.pitch - (TOP + at.clip.h)), Math.max(0, Math.min(y - at.pitch / 2 - TOP, at.mostY)));
}

/** "12.55.7": the way to a node, as the link has it; "." is the prompt, "" the page's own choice. */
function wayTo(data, i) {
  const ids = [];
  for (let n = i; n > 0; n = data.nodes.parent[n]) ids.unshift(data.nodes.id[n]);
  return ids.join(".") || ".";
}
