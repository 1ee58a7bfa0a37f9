// The lesson of the fast recipe: what the loss becomes when one part of it is taken away.

const RECIPE_ROW = 40;

const recipeFigure = {
  draw(g, data) {
    const phone = g.width < 760;
    const names = phone ? 0 : 330;
    const [left, right] = [names, g.width - 64];
    const most = Math.max(...data.rows.map((row) => row.loss), data.full.loss);
    const [low, high] = [data.full.loss - 0.12 * (most - data.full.loss || 0.1), most + 0.04 * (most - data.full.loss || 0.1)];
    const X = (v) => left + ((right - left) * (v - low)) / (high - low);
    const pitch = phone ? 74 : RECIPE_ROW;
    const first = 46;
    g.height = first + data.rows.length * pitch + 12 + (phone ? 60 : 36);
    g.part("recipe", [g.width], () => [
      label(0, 14, "Without …", { weight: 600, fill: "ink" }),
      label(X(data.full.loss), 14, `the whole recipe ${num(data.full.loss, 3)}`, { fill: "accent", weight: 600, anchor: phone ? "start" : "middle" }),
      label(g.width, 14, "loss", { anchor: "end", fill: "ink3" }),
      h("path", { d: `M${X(data.full.loss)},22V${first + data.rows.length * pitch}`, stroke: css("accent"), "stroke-width": 1.5 }),
      data.rows.map((row, i) => {
        const y = first + i * pitch;
        const mid = phone ? y + 50 : y + 10;
        const said = paragraph(0, phone ? y + 18 : y + 22, row.what, phone ? g.width : names - 20, { fill: "ink3" });
        return h("g", {}, label(0, phone ? y : y + 4, row.removed, { weight: 600, fill: "ink" }), said.slice(0, 2),
          h("rect", { x: Math.min(X(row.loss), X(data.full.loss)), y: mid - 6, width: Math.max(1, Math.abs(X(row.loss) - X(data.full.loss))), height: 12, rx: 2, fill: css("res") }),
          label(g.width, mid + 4, num(row.loss, 3), { mono: true, anchor: "end", fill: "ink", weight: 600 }));
      }),
      paragraph(0, first + data.rows.length * pitch + 22, `${data.about} ${data.machine}`, g.width, { fill: "ink3" }),
    ]);
  },
  describe(data) {
    return `Held-out loss of the fast recipe ${num(data.full.loss, 3)}; without ${data.rows.map((row) => `${row.removed} ${num(row.loss, 3)}`).join(", without ")}.`;
  },
  state(data) {
    return { full: data.full.loss, rows: data.rows.map((row) => [row.removed, row.loss]) };
  },
};
