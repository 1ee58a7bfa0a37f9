// What stands where: the grid of all heads at the left, the chosen head's panel at the right, the next token below.

const PANELS = ["lines", "map", "pair", "join", "effect"];
const PANEL_NAMES = { lines: "Lines", map: "Map", pair: "Query-key", join: "Join", effect: "Effect" };
const DEEP = 528; // the height of the picture on a wide screen
const FOOT = 42; // of it for the next token
const HEADER = 144; // of a panel: buttons, name, meaning, sentence, scores
const LEAD = 104; // left of the scores: what they are shares of
const TALL = 118; // the largest tile of the grid

const blockOf = (data, local) => clamp(local.sel.block ?? 0, 0, data.blocks - 1);
const headOf = (data, local) => clamp(local.sel.head ?? 0, 0, data.heads - 1);
/** The head that the panel shows: under the pointer in the grid, or the chosen one. */
function shownHead(data, local) {
  const peek = local.peek;
  if (peek && ["lines", "map", "effect"].includes(panelOf(local))) return peek;
  return { block: blockOf(data, local), head: headOf(data, local) };
}
const panelOf = (local) => (PANELS.includes(local.sel.panel) ? local.sel.panel : "lines");
/** The row that asks: under the pointer, chosen, or the one that predicts. */
function rowOf(data, local) {
  const chosen = local.hover?.row ?? local.sel.row ?? -1;
  return chosen >= 0 && chosen < data.rows.length ? chosen : data.home;
}
/** The key that answers: under the pointer, chosen, or the one that the row reads most. */
function colOf(data, local) {
  const chosen = local.hover?.col ?? local.sel.col ?? -1;
  if (chosen >= 0 && chosen < data.cols.length) return chosen;
  const { block, head } = shownHead(data, local);
  return argmax(weightsOf(data, local, block, head, rowOf(data, local)));
}
const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
/** Whether the exact arrays that came with the data are this head's; of the others there are maps in 256 steps. */
const isOpen = (data, block, head) => data.block === block && data.head === head;
/** One row of a head's attention, S weights. */
function weightsOf(data, local, block, head, row) {
  const [T, S] = [data.rows.length, data.cols.length];
  if (isOpen(data, block, head)) return Array.from(local.a.pattern.subarray(row * S, (row + 1) * S));
  const at = ((block * data.heads + head) * T + row) * S;
  return Array.from(local.maps.subarray(at, at + S), (v) => v / 255);
}
const nameOf = (block, head) => `L${block}H${head}`;
const roleOf = (data, block, head) => data.roles[block * data.heads + head];

/** All places, in pixels of the picture. */
function plan(g, data, local) {
  const phone = g.width < 760;
  const most = phone ? g.width : Math.round(data.heads > 12 ? clamp(g.width * 0.5, 300, 540) : clamp(g.width * 0.44, 300, 472));
  // Few heads leave more to the panel: a large tile needs its map and the words below it.
  const few = data.blocks <= 5 && data.heads * 104 < most;
  const width = phone || !few ? most : Math.max(250, data.heads * 104);
  const lines = roleLines(data, width);
  const grid = planGrid(data, { x: 0, y: 20 + 17 * lines.length, width, bottom: phone ? 20 + 17 * lines.length + Math.min(width, 440) : DEEP - FOOT - 8 });
  const panel = phone ? { x: 0, y: grid.end + 22, w: g.width, h: 574 } : { x: width + 26, y: 0, w: g.width - width - 26, h: DEEP - FOOT - 10 };
  panel.head = panel.y + (phone ? 46 : 0);
  panel.scores = phone ? Math.ceil(data.scoreNames.length / 2) : data.scoreNames.length; // of them in a line
  panel.lead = !phone && (panel.w - LEAD) / panel.scores >= 50 ? LEAD : 0;
  panel.top = panel.head + HEADER + (phone ? 72 : 0);
  panel.bottom = panel.y + panel.h;
  const foot = phone ? panel.bottom + 16 : DEEP - FOOT;
  return { phone, grid, panel, foot, lines, height: phone ? foot + 148 : DEEP };
}

/** The tiles: large ones carry name, role and number below them; small ones the role's short name, if it fits. */
function planGrid(data, { x, y, width, bottom }) {
  const room = bottom - y;
  const pitch = [Math.min(width / data.heads, TALL + 30), Math.min(room / data.blocks, TALL)];
  const large = pitch[0] >= 84 && pitch[1] >= 70;
  if (large) {
    const size = Math.min(pitch[0] - 14, pitch[1] - 33);
    return { x, y, large, size, dx: pitch[0], dy: pitch[1], left: 7, top: y, end: y + pitch[1] * data.blocks };
  }
  const [left, top] = [30, y + 16];
  const dx = (width - left) / data.heads;
  const dy = (bottom - top) / data.blocks;
  const gap = Math.min(dx, dy) > 14 ? 3 : 1;
  const size = Math.max(2, Math.min(dx, dy, 110) - gap);
  const step = size + gap;
  return { x, y, large, size, dx: step, dy: step, left, top, end: top + step * data.blocks };
}
const tile = (at, block, head) => ({ x: at.grid.left + head * at.grid.dx, y: at.grid.top + block * at.grid.dy, s: at.grid.size });

/** The head whose tile lies under a point, or null. */
function tileAt(data, at, x, y) {
  const { grid } = at;
  const [head, block] = [Math.floor((x - grid.left) / grid.dx), Math.floor((y - grid.top) / grid.dy)];
  const inside = head >= 0 && head < data.heads && block >= 0 && block < data.blocks;
  return inside && x - grid.left - head * grid.dx < (grid.large ? grid.dx - 6 : grid.size) ? { block, head } : null;
}

/** The roles that occur, most frequent first, each with its count, set into lines of the given width. */
function roleLines(data, width) {
  const counts = new Map();
  for (const role of data.roles) counts.set(role.name, { name: role.name, short: role.short, count: (counts.get(role.name)?.count ?? 0) + 1 });
  const out = [[]];
  let x = 0;
  const dense = data.roles.length > 36;
  for (const role of [...counts.values()].sort((a, b) => (a.short ? 0 : 1) - (b.short ? 0 : 1) || b.count - a.count)) {
    const text = `${role.name}${dense && role.short ? ` (${role.short})` : ""} `;
    const w = measure(text + role.count, 12, false) + 24;
    if (x + w > width && x) { out.push([]); x = 0; }
    out.at(-1).push({ ...role, text, x, w });
    x += w;
  }
  return out;
}

/** Heights of a list of tokens: all named where there is room, else those that count most, 13 px apart. */
function named(count, pitch, first) {
  if (pitch >= 13) return new Set(Array.from({ length: count }, (_, i) => i));
  const out = new Set();
  const apart = Math.ceil(13 / pitch);
  for (const i of [...first, ...Array.from({ length: count }, (_, k) => k)]) {
    let free = true;
    for (const j of out) if (Math.abs(j - i) < apart) { free = false; break; }
    if (free) out.add(i);
  }
  return out;
}

/** Words set into lines of the given width, at most `most` of them. */
function wrapped(text, room, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, 12, false) * 1.02 <= room || !lines.at(-1) || lines.length === most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => fit(line, room, 12, false));
}
