// Beside the ladder: a row for each size with what the law says of it, and the frontier of compute.

function drawRows(g, data, box, step, pick) {
  const law = step > 0 && data.law;
  const columns = [[0, data.letter], [0.24, "loss"], [0.45, law ? "the law" : ""], [0.68, law ? "off by" : ""]];
  const pitch = box.pitch;
  g.part("rows", [box, step], () => [
    columns.map(([share, head]) => label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 })),
    data.rows.map((row, k) => {
      const y = box.y + 15 + k * pitch;
      const cells = [shown(data, row.x), num(row.loss, 3), law ? num(row.law, 3) : "", law ? `${row.miss >= 0 ? "+" : "−"}${num(100 * Math.abs(row.miss), 1)} %` : ""];
      const tag = row.own ? "yours" : !law ? (row.runs > 1 ? `${row.runs} seeds` : "1 seed") : row.used ? "" : "kept out";
      const node = h("g", { class: "gb-hot", "data-row": row.x, onclick: () => pick(row) },
        h("rect", { x: box.x - 4, y, width: box.w + 4, height: pitch - 1, rx: 4, fill: row.used || !law ? "transparent" : css("accent-soft") }),
        cells.map((text, i) => label(box.x + box.w * columns[i][0], y + pitch * 0.68, text, { mono: true, fill: row.own ? "v-ink" : "ink", weight: i ? null : 600 })),
        label(box.x + box.w - 4, y + pitch * 0.68, tag, { anchor: "end", fill: row.own ? "v-ink" : "k-ink", size: 11 }));
      return g.tip(node, rowText(data, row, Boolean(law)));
    }),
  ]);
  return box.y + 18 + pitch * data.rows.length;
}

function drawFrontier(g, data, box, loud) {
  const f = data.frontier;
  const cs = f.lines.flatMap((line) => line.c);
  const ls = f.lines.flatMap((line) => line.loss);
  const spec = { x: [Math.min(...cs) / 2, Math.max(...cs) * 3], y: [Math.min(...ls) * 0.94, Math.max(...ls) * 1.2], across: "operations, 6 N D", powers: true, ticks: 3 };
  g.part("frontier", [box, loud, spec.y], () => [
    label(box.x, box.y + 10, "Loss against compute: a line a size", { weight: 600, fill: "ink" }),
    logPlot({ ...box, y: box.y + 14, h: box.h - 14 }, spec, (X, Y, edge) => [
      f.lines.map((line) => [
        through(X, Y, line.c, line.loss, { stroke: "ink3", width: 1.2, opacity: loud ? 0.9 : 0.6 }),
        line.c.map((c, i) => g.tip(h("circle", { cx: X(c), cy: Y(line.loss[i]), r: 3, fill: css("ink3") }), `N = ${sized(line.n)}, D = ${sized(line.d[i])}\nC = ${powered(c)}\nloss ${num(line.loss[i], 3)}`)),
        label(X(line.c[0]) - 4, Y(line.loss[0]) - 6, sized(line.n, 1), { "data-size": line.n, size: 10, fill: "ink3", mono: true, anchor: X(line.c[0]) > edge.left + 34 ? "end" : "start" }),
      ]),
      through(X, Y, f.best.map((p) => p.c), f.best.map((p) => p.loss), { width: loud ? 3.5 : 2.5 }),
      f.best.map((p) => h("circle", { cx: X(p.c), cy: Y(p.loss), r: loud ? 4 : 3, fill: css("accent"), "data-best": p.name })),
      f.own.map((p) => g.tip(h("path", { d: diamond(X(p.c), Y(p.loss), 6), fill: css("v-ink") }), `yours, C = ${powered(p.c)}\nloss ${num(p.loss, 3)}`)),
      label(edge.right, edge.top + 8, "frontier: no cheaper size is better, by its mean", { anchor: "end", fill: "accent", size: 11 }),
    ]),
  ]);
}
