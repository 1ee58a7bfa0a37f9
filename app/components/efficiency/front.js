// Size against loss: every setting that was measured is a point; those that none beats are joined.

function frontRange(data) {
  const losses = data.points.map((one) => one.loss);
  const base = data.original.loss;
  const reach = Math.max(0.5 * base, 0.05);
  const low = Math.min(base, ...losses);
  const high = Math.max(base + 0.02, ...losses.filter((one) => one <= base + reach));
  const room = 0.08 * (high - low);
  return { low: low - room, high: high + room };
}

function drawFront(g, data, local, at) {
  const { x, y, w, h: tall } = at.front;
  const { low, high } = frontRange(data);
  const sizes = [...data.points.map((one) => one.bytes), data.original.bytes];
  const across = [Math.min(...sizes) * 0.85, Math.max(...sizes) * 1.12];
  const order = data.points.filter((one) => one.front).sort((a, b) => a.bytes - b.bytes);
  const beaten = data.points.length - order.length;
  g.part("front", null, () => {
    let ground = null;
    return [
    title(x, y + 12, "Size against loss", fit(`${data.points.length} ${data.points.length === 1 ? "setting" : "settings"} measured, ${beaten} beaten`, w, 12, false), w),
    logPlot({ x, y: y + 22, w, h: tall - 22 }, { x: across, y: [low, high], linear: true, across: "size of the file, bytes", up: "nats a token", left: 44 }, (X, Y, edge) => {
      ground = { X, edge };
      const above = (one) => one.loss > high;
      const place = (one) => [X(one.bytes), above(one) ? edge.top + 2 : Y(one.loss)];
      const dot = (one) => {
        const [cx, cy] = place(one);
        const off = above(one);
        const ink = one.here ? "accent" : one.front ? "ink" : "ink3";
        const shape = off ? h("path", { d: `M${cx},${cy - 5}l5,8h-10z`, fill: css(ink), opacity: one.front || one.here ? 1 : 0.5 })
          : one.gptq ? h("rect", { x: cx - 3.5, y: cy - 3.5, width: 7, height: 7, fill: css(ink), opacity: one.front || one.here ? 1 : 0.5 })
            : h("circle", { cx, cy, r: 4, fill: css(ink), opacity: one.front || one.here ? 1 : 0.5 });
        return g.tip(h("g", { "data-point": one.name }, one.here && h("circle", { cx, cy, r: 9, fill: "none", stroke: css("accent"), "stroke-width": 2 }), shape, h("circle", { cx, cy, r: 8, fill: "transparent" })),
          () => `${one.name}\n${bytesOf(one.bytes)}, loss ${num(one.loss, 3)}${off ? ", above the chart" : ""}\nkeeps ${percent(one.agreement)} of the first choices\n${one.front ? "nothing is smaller and as good" : "another is smaller and as good, or better and as small"}`);
      };
      const base = Y(data.original.loss);
      return [
        h("path", { d: `M${edge.left},${base}H${edge.right}`, stroke: css("res"), "stroke-dasharray": "3 3" }),
        g.tip(h("g", {}, h("circle", { cx: X(data.original.bytes), cy: base, r: 5, fill: css("bg"), stroke: css("res"), "stroke-width": 2 })), () => `the original, float32\n${bytesOf(data.original.bytes)}, loss ${num(data.original.loss, 3)}`),
        joined(order, { X, Y, above, top: edge.top - 8 }),
        [...data.points].sort((a, b) => a.front - b.front || a.here - b.here).map(dot),
        named(data, above).map((one) => label(place(one)[0] + (one.here ? 12 : 8), place(one)[1] + (above(one) ? 4 : -6), above(one) ? `${one.bits}: ${num(one.loss, 1)}` : `${one.bits}`, { size: 11, mono: true, fill: one.here ? "accent" : "ink3" })),
      ];
    }),
    sizeTicks(across).map((bytes) => label(ground.X(bytes), ground.edge.bottom + 16, sized(bytes, 0), { anchor: "middle", mono: true, size: 11, fill: "ink3" })),
    label(x + w - 2, y + 31, "● to nearest   ■ GPTQ   ▲ above", { anchor: "end", fill: "ink3", size: 11 }),
    ].flat(9);
  });
}

/** Sizes to mark: 1, 2 and 5 of every power of ten inside, but not the powers, which the axis has. */
function sizeTicks([low, high]) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) for (const m of [2, 5]) ticks.push(m * 10 ** power);
  return ticks.filter((v) => v > low * 1.05 && v < high * 0.95);
}

/** The line through the points of the front. To one above the chart it goes dashed, as steeply as it is, to the edge. */
function joined(order, { X, Y, above, top }) {
  return order.slice(1).map((b, i) => {
    const a = order[i]; // the smaller file, of the higher loss
    if (above(b)) return null;
    const [x, y] = [X(b.bytes), Y(b.loss)];
    const part = above(a) ? (y - top) / (y - Y(a.loss)) : 1;
    return h("path", { class: above(a) ? "gb-front-stub" : "gb-front-line", d: `M${x},${y}L${x + part * (X(a.bytes) - x)},${y + part * (Y(a.loss) - y)}`, fill: "none", stroke: css("ink3"), "stroke-width": 1.5, "stroke-dasharray": above(a) ? "4 3" : null });
  });
}

/** Of each number of bits the smallest loss carries it as a name; the chosen one does where it is above the chart. */
function named(data, above) {
  const best = new Map();
  for (const one of data.points) if (!best.has(one.bits) || one.loss < best.get(one.bits).loss) best.set(one.bits, one);
  const chosen = data.points.find((one) => one.here && above(one));
  if (!chosen) return [...best.values()];
  return [...[...best.values()].filter((one) => one.bits !== chosen.bits || !above(one)), chosen];
}
