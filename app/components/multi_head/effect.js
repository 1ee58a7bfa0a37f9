// Effect: every head a dot. Across: how much it reads; up and down: what happens to the prediction without it.

function effectPlan(data, local, at) {
  const p = at.panel;
  const [left, right, top, bottom] = [p.x + 54, p.x + p.w - 22, p.top + 36, p.bottom - 40];
  const e = data.effect;
  const values = e.change.flat();
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = Math.max(0.02, high - low) * 0.07;
  [low, high] = [low - room, high + room];
  const reach = Math.max(...e.weight.flat());
  const most = [0.05, 0.1, 0.2, 0.4].find((step) => step >= reach) ?? 1; // where all heads spread widely, the axis ends early
  return { left, right, top, bottom, low, high, most, x: (w) => left + (w / most) * (right - left), y: (v) => top + ((high - v) / (high - low)) * (bottom - top) };
}
/** Round steps between low and high: about n of them. */
function ticks(low, high, n) {
  const raw = (high - low) / n;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * size).find((s) => s >= raw);
  const out = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) out.push(Math.abs(v) < step / 1e6 ? 0 : v);
  return { values: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function drawEffect(g, data, local, at, row) {
  const p = at.panel;
  if (!data.effect.change) return drawUnmeasured(g, data, at);
  const e = data.effect;
  const q = (local.effectAt = effectPlan(data, local, at));
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  const token = fit(visible(e.token), 110, 12);
  g.part("effect axes", [e.token, local.sel.off], () => {
    const t = ticks(q.low, q.high, 6);
    return [
      h("text", { x: p.x, y: p.top + 8, "font-size": 12, fill: css("ink2") }, at.phone ? "Each head off in turn: what becomes of " : `Each dot a head, switched off ${offSet(data, local).size ? "too" : "alone"}: what becomes of `, h("tspan", { "font-family": MONO, "font-weight": 600, fill: css("ink") }, token), fit(` ${e.where}`, 150, 12, false)),
      t.values.map((v) => [h("path", { d: `M${q.left},${q.y(v)}H${q.right}`, stroke: css(v === 0 ? "ink3" : "line"), "stroke-width": 1 }),
        label(q.left - 6, q.y(v) + 4, (v > 0 ? "+" : "") + num(v, t.digits), { anchor: "end", mono: true, fill: "ink3" })]),
      [0, 0.25, 0.5, 0.75, 1].map((part) => part * q.most).map((w) => [h("path", { d: `M${q.x(w)},${q.bottom}v4`, stroke: css("ink3") }),
        label(q.x(w), q.bottom + 16, num(w, q.most < 0.4 ? 3 : 2), { anchor: "middle", mono: true, fill: "ink3" })]),
      label(q.right + 20, q.bottom + 34, fit(at.phone ? "its largest weight →" : "the most that the row gives to one token →", (q.right - q.left) / 1.8, 12, false), { anchor: "end", fill: "ink2" }),
      label(p.x, p.top + 26, "change of log p  ↑ likelier without the head", { fill: "ink2" }),
      label(p.x, q.bottom + 34, "↓ less likely: the head helped", { fill: "ink2" }),
    ];
  });
  const order = e.change.flat().map((v, i) => [Math.abs(v), i]).sort((a, b) => b[0] - a[0]).map(([, i]) => i);
  g.part("dots", [block, head, local.peek], () => {
    const radius = data.roles.length > 64 ? 3.5 : 5;
    const off = offSet(data, local);
    return e.change.flatMap((line, l) => line.map((v, i) => {
      const on = l === block && i === head;
      const peek = local.peek?.block === l && local.peek?.head === i;
      return h("circle", { class: "gb-hot", "data-dot": `${l}.${i}`, cx: q.x(e.weight[l][i]), cy: q.y(v), r: on || peek ? radius + 2 : radius, fill: off.has(`${l}.${i}`) ? css("bg") : css("att"), "fill-opacity": on || peek ? 1 : 0.55, stroke: css(on || peek ? "accent" : "att"), "stroke-width": on || peek ? 2 : 1 });
    }));
  });
  g.part("dot names", [block, head, local.peek], () => dotNames(g, data, local, q, order, block, head));
}

/** Names of the dots furthest from zero and of the chosen one, where they do not cover each other. */
function dotNames(g, data, local, q, order, block, head) {
  const e = data.effect;
  const peek = local.peek ? local.peek.block * data.heads + local.peek.head : -1;
  const chosen = block * data.heads + head;
  const dots = e.change.flatMap((line, l) => line.map((v, k) => [q.x(e.weight[l][k]), q.y(v)]));
  const boxes = [];
  return [...new Set([...(peek >= 0 ? [peek] : []), chosen, ...order.slice(0, 8)])].map((i) => {
    const [l, k] = [Math.floor(i / data.heads), i % data.heads];
    const v = e.change[l][k];
    const on = i === chosen || i === peek;
    const chance = (log) => num(Math.exp(log), 3);
    const text = on ? `${nameOf(l, k)}  ${chance(e.before)} → ${chance(e.before + v)}` : nameOf(l, k);
    const w = measure(text, 12, false) * (on ? 1.08 : 1.02);
    const [x, y] = [q.x(e.weight[l][k]), q.y(v)];
    const places = [[x + 10, y + 4], [x - 10 - w, y + 4], [x - w / 2, y + 20], [x - w / 2, y - 10], [x - w + 6, y + 20]];
    const free = ([left, base]) => left >= q.left && left + w <= q.right + 20 && base > q.top && base < q.bottom &&
      !boxes.some((b) => left < b.left + b.w + 4 && left + w + 4 > b.left && Math.abs(base - b.base) < 13) &&
      !dots.some(([dx, dy]) => dx > left - 4 && dx < left + w + 4 && dy > base - 14 && dy < base + 6 && !(dx === x && dy === y));
    const place = places.find(free) ?? (on ? places[x + w + 10 > q.right ? 1 : 0] : null);
    if (!place) return null;
    boxes.push({ left: place[0], base: place[1], w });
    return label(place[0], place[1], text, { fill: on ? "accent" : "ink", weight: on ? 700 : 500, "paint-order": "stroke", stroke: css("bg"), "stroke-width": 3 });
  });
}

function drawUnmeasured(g, data, at) {
  const p = at.panel;
  const n = data.blocks * data.heads;
  const text = `Each of the ${n} heads is switched off alone, and the model runs again. On this model and text that takes about ${data.effect.seconds} s on one processor; you can stop it at any time.`;
  const lines = wrapped(text, p.w, 4);
  const y = p.top + 24 + 18 * lines.length;
  g.part("unmeasured", null, () => lines.map((line, i) => label(p.x, p.top + 24 + 18 * i, line, { fill: "ink2" })));
  if (data.effect.running) {
    g.part("measuring", null, () => label(p.x, y + 16, "Being measured: a bar below says how far it is.", { fill: "accent", weight: 600 }));
    return;
  }
  g.overlay("measure", { left: p.x, top: y, height: at.phone ? 44 : 36 }, () => html("button", { type: "button", class: "gb-button gb-primary", onclick: () => g.send("measure", { at: Date.now() }) }),
    (node) => { node.textContent = `Measure ${n} heads`; });
}
