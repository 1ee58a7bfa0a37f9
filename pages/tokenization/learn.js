// "How it learned": BPE and WordPiece merge by merge. The slider lies on the curve of what is left to spell.

import { clamp, css, fit, h, html, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { mergesUsed } from "./cut.js";
import { dotted } from "./layout.js";
import { walkOf } from "./others.js";

export const STEPPED = ["bpe", "wordpiece"]; // the rows that are learned by merges
export const LEARN = { title: 16, said: 42, curve: 56, curveHeight: 38, slider: 84, table: 118, row: 20, rows: 5 };

/** A small chip for a symbol in a panel; returns [nodes, width]. */
export function symbolChip(x, y, text, o = {}) {
  const w = Math.max(18, measure(dotted(text), 12, true) + 10);
  const height = o.height ?? 18;
  return [h("g", {},
    h("rect", { x, y: y - height / 2, width: w, height, rx: 4, fill: css(o.on ? "accent-soft" : o.fill ?? "bg"), stroke: css(o.on ? "accent" : o.colour ?? "line"), "stroke-dasharray": o.dash }),
    label(x + w / 2, y + 4, dotted(text), { anchor: "middle", mono: true, fill: o.on ? "accent" : o.ink ?? "ink", weight: o.on ? 600 : null, direction: "ltr" })), w];
}
/** Chips in a row, cut short with an ellipsis where the room ends. */
export function chipRow(x, y, room, texts, o = {}) {
  const nodes = [];
  let at = x;
  for (let i = 0; i < texts.length; i++) {
    const on = o.on?.(i);
    const [node, w] = symbolChip(at, y, texts[i], o.lost?.(i) ? { ...o, on: false, colour: "neg", ink: "neg", dash: "3 2" } : { ...o, on });
    if (at + w > x + room - (i < texts.length - 1 ? 14 : 0)) { nodes.push(label(at + 2, y + 4, "…", { fill: "ink3" })); break; }
    nodes.push(node);
    at += w + 2;
  }
  return nodes;
}

export const stepsOf = (local) => (STEPPED.includes(local.sel.method) ? local.learned?.[local.sel.method] ?? null : null);
/** How many merges are applied now. */
export const mergesAt = (local, steps) => (local.sel.merge < 0 ? steps.n : clamp(local.sel.merge, 0, steps.n));

export const timesText = (n) => (n === 1 ? "once" : `${thousands(n)} times`);

function learnSentence(x, y, room, steps, m, kind) {
  if (!steps.n) return label(x, y + 4, "Nothing to join: the vocabulary is full with single signs, or no two stand together.", { fill: "ink2" });
  if (!m) {
    const all = kind === "wordpiece" ? ["The highest score is joined first. Score = times together / (times of left × times of right).", "Highest first: score = together / (left × right)."]
      : [`Spelled, the corpus is ${thousands(steps.letters)} signs. The pair seen most often is joined first.`, "The pair seen most often is joined first."];
    return label(x, y + 4, all.find((text) => measure(text, 12, false) <= room) ?? all[1], { fill: "ink2" });
  }
  const i = m - 1;
  const nodes = [];
  let at = x;
  const put = (text, o = {}) => { nodes.push(label(at, y + 4, text, o)); at += measure(text, 12, o.mono) + 6; };
  const longest = (room - 190) / 3; // of a chip: the reason must find its place beside three
  const chipOf = (id, o) => { const [node, w] = symbolChip(at, y, fit(dotted(steps.shown[id]), Math.max(34, longest), 12), o); nodes.push(node); at += w + 6; };
  chipOf(steps.left[i]);
  put("+");
  chipOf(steps.right[i]);
  put("→");
  chipOf(steps.made[i], { on: true });
  const left = room - (at - x);
  const why = reasons(steps, i, kind).find((text) => measure(text, 12, false) <= left);
  if (why) put(why);
  return nodes;
}
/** Why this pair was taken, at full length first: what has no room is said shorter. */
function reasons(steps, i, kind) {
  const count = thousands(steps.count[i]);
  if (kind === "wordpiece") {
    const [one, two] = [steps.parts[2 * i], steps.parts[2 * i + 1]].map((n) => thousands(n));
    const score = scoreText(steps.score[i]);
    const sum = `${count} / (${one} × ${two}) = ${score}`;
    return [`score = together / (left × right) = ${sum}, the highest: rare parts that always meet`, `score = together / (left × right) = ${sum}, the highest`, `score ${sum}, the highest`, `score ${sum}`, sum, `score ${score}`];
  }
  const times = timesText(steps.count[i]);
  const alone = (rivalsAt(steps, i)[1]?.count ?? 0) < steps.count[i];
  return [`${times} side by side, ${alone ? "more than any other pair" : "and no pair more often"}`, `${times} side by side, ${alone ? "the most" : "none more"}`, `seen ${times}, ${alone ? "the most" : "none more"}`, `seen ${times}`];
}

/** What is left to spell after each merge, falling; a tick for each merge that the word on the right needs. */
function learnCurve(box, steps, m, used, narrow) {
  const { x, w } = box;
  const y = box.y + LEARN.curve;
  const [top, bottom] = [y, y + LEARN.curveHeight];
  const most = steps.symbols_left[0] || 1;
  const px = (i) => x + 7 + ((w - 14) * i) / Math.max(1, steps.n);
  const py = (i) => bottom - ((bottom - top) * steps.symbols_left[i]) / most;
  const points = [];
  const stride = Math.max(1, Math.floor(steps.n / 240));
  for (let i = 0; i <= steps.n; i += stride) points.push(`${px(i).toFixed(1)},${py(i).toFixed(1)}`);
  points.push(`${px(steps.n).toFixed(1)},${py(steps.n).toFixed(1)}`);
  const here = py(m);
  const high = steps.symbols_left[steps.n] > 0.55 * most; // then there is room under the curve, not over it
  return [
    h("path", { d: `M${px(0)},${bottom}L${points.join("L")}L${px(steps.n)},${bottom}Z`, fill: css("field") }),
    h("path", { d: `M${points.join("L")}`, fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
    used.map((i) => h("path", { d: `M${px(i + 1)},${bottom - 7}V${bottom + 1}`, stroke: css("accent"), "stroke-width": 2 })),
    h("path", { d: `M${px(m)},${bottom}V${here}`, stroke: css("ink3"), "stroke-dasharray": "2 2" }),
    h("circle", { cx: px(m), cy: here, r: 3.5, fill: css("ink2") }),
    label(x + w - (high ? 12 : 0), high ? bottom - 12 : top + 10, `${narrow ? `merge ${thousands(m)}: ` : ""}the corpus in ${thousands(steps.symbols_left[m])} ${steps.symbols_left[m] === 1 ? "piece" : "pieces"}`, { anchor: "end", fill: "ink2", stroke: css("bg"), "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" }),
  ];
}

/** The best pairs before the merge, the taken one first: BPE by count, WordPiece by score with the count beside it. */
function pairTable(g, x, y, w, steps, m, kind) {
  const scored = kind === "wordpiece";
  const title = `Pairs ${m ? "before it" : "to begin with"}`;
  const i = Math.max(0, m - 1);
  const bars = x + 118;
  const room = w - 118 - (scored ? 124 : 58);
  const rivals = rivalsAt(steps, i);
  const max = Math.max(1e-12, ...rivals.map((r) => (scored ? r.score : r.count)));
  return [
    label(x, y, title, { weight: 600, fill: "ink" }),
    scored && label(x + w - 58, y, "score", { anchor: "end", fill: "ink3" }),
    label(x + w, y, scored ? "count" : "seen", { anchor: "end", fill: "ink3" }),
    rivals.map((r, k) => {
      const at = y + 16 + k * LEARN.row;
      const on = m > 0 && r.left === steps.left[i] && r.right === steps.right[i];
      const [a, aw] = symbolChip(x, at, fit(dotted(steps.shown[r.left]), 46, 12), { on });
      const [b] = symbolChip(x + aw + 2, at, fit(dotted(steps.shown[r.right]), 46, 12), { on });
      return h("g", { "data-pair": k }, a, b,
        h("rect", { x: bars, y: at - 5, width: Math.max(1, (room * (scored ? r.score : r.count)) / max), height: 10, rx: 2, fill: css(on ? "accent" : "res"), opacity: on ? 1 : 0.6 }),
        scored && label(x + w - 58, at + 4, scoreText(r.score), { anchor: "end", mono: true, fill: on ? "accent" : "ink2" }),
        label(x + w, at + 4, thousands(r.count), { anchor: "end", mono: true, fill: on && !scored ? "accent" : "ink2" }));
    }),
    otherRule(x, y + 16 + LEARN.rows * LEARN.row + 4, w, steps, i, kind),
  ];
}
/** A small number without powers of ten: two figures of it. */
export const smallText = (x, digits) => num(x, clamp(1 - Math.floor(Math.log10(Math.abs(x) || 1)), digits, 9));
const scoreText = (score) => smallText(score, score >= 0.001 ? 4 : 2);

export function rivalsAt(steps, i) {
  const found = [];
  if (!steps.n) return found;
  const [, each, columns] = steps.rivals.shape;
  for (let k = 0; k < Math.min(each, LEARN.rows); k++) {
    const at = (i * each + k) * columns;
    if (steps.rivals[at] < 0) break;
    found.push({ left: steps.rivals[at], right: steps.rivals[at + 1], count: steps.rivals[at + 2], score: steps.rivals[at + 3] });
  }
  return found;
}

/** One line: what the other of the two rules would have taken here. */
function otherRule(x, y, w, steps, i, kind) {
  const other = steps.other[i];
  if (!other) return null;
  const [left, right, count] = other;
  const same = left === steps.left[i] && right === steps.right[i];
  const rule = kind === "bpe" ? "WordPiece" : "BPE";
  const pair = same ? "the same pair" : `${dotted(steps.shown[left])} + ${dotted(steps.shown[right])}, seen ${timesText(count)}`;
  return label(x, y + 4, fit(`${rule} would take ${pair}`, w, 12, false), { fill: "ink3" });
}

/** Words of the corpus that this merge changes, before and after. */
function changedWords(x, y, w, steps, m) {
  const i = m - 1;
  const words = m ? steps.changes[i] : [];
  return [
    m > 0 && label(x, y, "Words of the corpus, before and after", { weight: 600, fill: "ink" }),
    words.map(([count, ids], k) => {
      const at = y + 18 + k * 40;
      const after = [];
      for (let j = 0; j < ids.length; j++) {
        if (ids[j] === steps.left[i] && ids[j + 1] === steps.right[i]) { after.push(steps.made[i]); j++; } else after.push(ids[j]);
      }
      const names = (list) => list.map((id) => steps.shown[id]);
      return h("g", {},
        label(x, at + 4, `×${thousands(count)}`, { mono: true, fill: "ink3" }),
        chipRow(x + 48, at - 2, w - 48, names(ids), { ink: "ink3", height: 16 }),
        chipRow(x + 48, at + 17, w - 48, names(after), { height: 18, on: (j) => after[j] === steps.made[i] }));
    }),
  ];
}

export function setMerge(g, local, m, tell = true) {
  const steps = stepsOf(local);
  const merge = clamp(m, 0, steps.n);
  const value = merge === steps.n ? -1 : merge;
  if (tell) g.select({ merge: value });
  else { local.sel.merge = value; g.redraw(); }
}
export function stop(local) { clearInterval(local.timer); local.timer = null; }
const BEAT = 700; // milliseconds that Play stays at a step
const BEATS = 60; // in which it comes to the end, however many merges there are
const SINGLE = 12; // of them, those that go one step each
/** How many steps Play goes on at a beat, so that the last one reaches the end. */
const stride = (beat, left) => (beat < SINGLE ? 1 : Math.max(1, Math.ceil(left / Math.max(1, BEATS - beat))));
export function play(g, local) {
  if (local.timer) { stop(local); g.redraw(); return; }
  const steps = walkOf(local);
  if (!steps) return;
  if (steps.at >= steps.n) steps.go(0);
  let beat = 0;
  local.timer = setInterval(() => {
    const now = walkOf(local);
    if (!now || now.at >= now.n || !g.figure.isConnected) { stop(local); g.redraw(); return; }
    now.go(now.at + Math.min(now.n - now.at, stride(beat++, now.n - now.at)));
  }, BEAT);
  g.redraw();
}

/** Back, Next and Play at the right of the panel's title. */
export function walkButtons(g, local, box, walk) {
  const touch = g.width < 720;
  const height = touch ? 44 : 26;
  const top = box.y - (touch ? 14 : 1);
  let right = box.x + box.w;
  const put = (name, text, width, act, off) => {
    right -= width;
    g.overlay(`walk ${name}`, { left: right, top, width, height },
      () => {
        const button = html("button", { type: "button", class: `gb-button tok-button ${name === "next" ? "gb-primary" : ""}`, "data-act": name });
        button.addEventListener("click", () => { stop(local); button.act(); });
        return button;
      },
      (node) => { node.act = act; node.disabled = off; if (node.textContent !== text) node.textContent = text; });
    right -= 6;
  };
  put("play", local.timer ? "Pause" : "Play", 54, () => play(g, local), walk.n === 0);
  put("next", "Next", 50, () => walk.go(walk.at + 1), walk.at >= walk.n);
  put("back", "Back", 50, () => walk.go(walk.at - 1), walk.at <= 0);
}

export function slider(g, box, top, walk, name) {
  g.overlay("slider", { left: box.x, top: g.width < 720 ? top - 12 : top, width: box.w }, () => html("input", { type: "range", class: "gb-range", min: 0, step: 1 }), (node) => {
    node.max = walk.n;
    node.disabled = walk.n === 0;
    node.setAttribute("aria-label", name);
    node.setAttribute("aria-valuetext", `${walk.at} of ${walk.n}`);
    if (Number(node.value) !== walk.at) node.value = walk.at;
    node.style.setProperty("--fill", `${(100 * walk.at) / Math.max(1, walk.n)}%`);
    node.oninput = () => walk.go(Number(node.value), false);
    node.onchange = () => walk.go(Number(node.value));
  });
}

/** The panel for BPE and WordPiece. */
export function drawLearn(g, data, local, box) {
  const row = local.rows.find((r) => r.id === local.sel.method);
  const steps = stepsOf(local);
  const m = mergesAt(local, steps);
  const used = mergesUsed(data, local);
  const wide = box.w >= 480;
  walkButtons(g, local, box, walkOf(local));
  g.part("learn", [local.sel.method, m, box], () => [
    label(box.x, box.y + LEARN.title, [h("tspan", { "font-weight": 600, fill: css("ink"), "font-size": 14 }, `How ${row.name} learned`),
      wide && h("tspan", { dx: 8 }, `merge ${thousands(m)} of ${thousands(steps.n)}`)]),
    learnSentence(box.x, box.y + LEARN.said, box.w, steps, m, row.kind),
    learnCurve(box, steps, m, used, !wide),
    steps.n > 0 && pairTable(g, box.x, box.y + LEARN.table, wide ? box.w * 0.52 : box.w, steps, m, row.kind),
    steps.n > 0 && (wide ? changedWords(box.x + box.w * 0.52 + 24, box.y + LEARN.table, box.w * 0.48 - 24, steps, m)
      : changedWords(box.x, box.y + LEARN.table + 152, box.w, steps, m)),
  ]);
  slider(g, box, box.y + LEARN.slider, walkOf(local), "Merges applied");
  if (wide) return LEARN.table + 140;
  return steps.n ? LEARN.table + (m ? 170 + 40 * steps.changes[m - 1].length : 136) : LEARN.table;
}
