// The lesson of the fast recipe: what the loss becomes when one part of it is taken away.

const recipeFigure = {
  draw(g, data) {
    const phone = g.width < 760;
    const names = phone ? 0 : Math.round(g.width * 0.46);
    const numbers = 118;
    const [left, right] = [names, g.width - numbers];
    const most = Math.max(...data.rows.map((row) => row.high), data.full.high);
    const spread = most - data.full.loss || 0.1;
    const [low, high] = [Math.min(data.full.low, ...data.rows.map((row) => row.low)) - 0.03 * spread, most + 0.03 * spread];
    const X = (v) => left + ((right - left) * (v - low)) / (high - low);
    const room = phone ? g.width : names - 24;
    // What stands in a part's place goes on in the line of its name where it fits, else below it.
    const heads = data.rows.map((row) => {
      const x = measure(row.removed, 12, false) * 1.08 + 10;
      return x + measure(row.what, 12, false) <= room ? { x, lines: [row.what], below: 0 } : { x: 0, lines: wrapped(row.what, room), below: 1 };
    });
    const tops = [];
    let y = 44;
    for (const { lines, below } of heads) {
      tops.push(y);
      y += 24 + 16 * below * lines.length + (phone ? 22 : 0);
    }
    g.height = y + (phone ? 52 : 34);
    const end = y;
    g.part("recipe", [g.width], () => [
      label(0, 14, "Without …", { weight: 600, fill: "ink", size: 14 }), !phone && label(86, 14, "and what stood in its place", { fill: "ink3" }),
      label(phone ? g.width - numbers : X(data.full.loss), 14, `the whole recipe: ${num(data.full.loss, 3)}`, { fill: "accent", weight: 600, anchor: phone ? "end" : "start" }),
      label(g.width - 54, 14, "loss", { anchor: "end", fill: "ink3" }), label(g.width, 14, "a step", { anchor: "end", fill: "ink3" }),
      h("path", { d: `M${X(data.full.loss)},24V${end - 6}`, stroke: css("accent"), "stroke-width": 1.5 }),
      data.rows.map((row, i) => {
        const { x, lines, below } = heads[i];
        const mid = phone ? tops[i] + 16 + 16 * below * lines.length : tops[i] - 3;
        const [a, b] = [X(data.full.loss), X(row.loss)];
        const node = h("g", { "data-removed": row.removed },
          label(0, tops[i], row.removed, { weight: 600, fill: "ink" }), lines.map((line, k) => label(x, tops[i] + 16 * below * (k + 1), line, { fill: "ink3" })),
          h("rect", { x: Math.min(a, b), y: mid - 7, width: Math.max(1.5, Math.abs(b - a)), height: 12, rx: 2, fill: css("res") }),
          h("path", { d: `M${X(row.low)},${mid - 1}H${X(row.high)}`, stroke: css("ink"), "stroke-width": 1.5 }),
          label(g.width - 54, mid + 3, num(row.loss, 3), { mono: true, anchor: "end", fill: "ink", weight: 600 }),
          label(g.width, mid + 3, `× ${num(row.step_time, 2)}`, { mono: true, anchor: "end", fill: "ink2" }));
        return g.tip(node, `without ${row.removed}: ${num(row.loss, 3)}, from ${num(row.low, 3)} to ${num(row.high, 3)}\nthe whole recipe: ${num(data.full.loss, 3)}\na step takes ${num(row.step_time, 2)} times as long`);
      }),
      paragraph(0, end + 14, data.about, g.width, { fill: "ink3" }),
    ]);
  },
  describe(data) {
    return `Held-out loss of the fast recipe ${num(data.full.loss, 3)}; ${data.rows.map((row) => `without ${row.removed} ${num(row.loss, 3)}`).join(", ")}.`;
  },
  state(data) {
    return { full: data.full.loss, rows: data.rows.map((row) => [row.removed, row.loss, row.step_time]) };
  },
};
