// A batch as a table: a row a text, a cell a token shaded by its loss, the padding hatched; and the mean over all.

const CELL = 44; // the height of a row
const shade = (g, loss, most) => g.sequential(0.6 * Math.min(loss, most), most, "accent");

const batchView = {
  draw(g, data) {
    const phone = g.width < 760;
    const most = Math.max(4, ...data.rows.flatMap((row) => row.cells.filter((c) => !c.pad || data.padding === "counted").map((c) => c.loss)));
    const n = Math.max(1, data.rows[0]?.cells.length ?? 1);
    const side = 130;
    const w = Math.max(phone ? 48 : 34, Math.min(72, (g.width - side) / n));
    g.pictureWidth = Math.max(g.width, Math.ceil(w * n + side));
    const bottom = 26 + data.rows.length * (CELL + 4);
    g.height = bottom + 108;
    const counts = data.padding === "counted";
    g.part("batch heads", null, () => [label(0, 14, "row", { fill: "ink3" }), label(38, 14, "a cell: the token and its loss in nats; the darker, the larger", { fill: "ink3" }), label(38 + w * n + 88, 14, "row’s mean", { anchor: "end", fill: "ink3" })]);
    g.part("batch rows", null, () => data.rows.map((row, r) => {
      const y = 26 + r * (CELL + 4);
      return [label(8, y + CELL / 2 + 4, r, { mono: true, fill: "ink3" }), row.cells.map((cell, i) => {
        const x = 38 + i * w;
        const ignored = cell.pad && !counts;
        const node = h("g", { "data-cell": `${r}.${i}` },
          h("rect", { x: x + 1, y, width: w - 2, height: CELL, rx: 4, fill: ignored ? css("wash") : shade(g, cell.loss, most), stroke: css("line"), "stroke-dasharray": cell.pad ? "3 3" : null }),
          h("text", { x: x + w / 2, y: y + 18, "text-anchor": "middle", "font-family": MONO, "font-size": 12, direction: "ltr", fill: css(ignored ? "ink3" : "ink") }, tokenSpans(cell.text, w - 6, 12)),
          label(x + w / 2, y + 36, ignored ? "–" : num(cell.loss, w < 40 ? 1 : 2), { anchor: "middle", mono: true, fill: ignored ? "ink3" : "ink" }));
        return g.tip(node, cell.pad ? `padding, ${visible(cell.text)}: ${ignored ? "does not score" : `would cost ${num(cell.loss, 3)} nats`}` : `${visible(cell.text)}\n${num(cell.loss, 3)} nats`);
      }), label(38 + w * n + 88, y + CELL / 2 + 4, row.mean === null ? "–" : num(row.mean, 3), { anchor: "end", mono: true, fill: "ink" })];
    }));
    g.part("batch foot", null, () => {
      const y = bottom + 18;
      const strong = (text) => h("tspan", { "font-family": MONO, "font-weight": 700, fill: css("accent") }, text);
      const line = (i, ...parts) => h("text", { x: 38, y: y + 20 * i, "font-size": 13, fill: css("ink2") }, parts);
      const padding = `${thousands(data.pads)} padding ${data.pads === 1 ? "token" : "tokens"}`;
      const first = counts ? line(0, "Counted with the padding: ", `${num(data.sum + data.padSum, 2)} ÷ ${data.count + data.pads} = `, strong(num(data.counted, 3)), ` nats. Guessing ${visible(data.pad)} after a text’s end teaches nothing.`)
        : line(0, `All losses ÷ all tokens: ${num(data.sum, 2)} ÷ ${data.count} = `, strong(num(data.mean, 3)), ` nats. ${data.pads ? `${padding} ${data.pads === 1 ? "is" : "are"} left out.` : "No row needs padding."}`);
      return [h("path", { d: `M0,${bottom}H${g.pictureWidth}`, stroke: css("line") }), first,
        line(1, "Mean of the rows’ means: ", strong(num(data.rowMean, 3)), ": there a short text counts as much as a long one. Training takes the first."),
        line(2, counts ? `Without the padding it is ${num(data.mean, 3)}.` : data.pads ? `With the padding it would be ${num(data.counted, 3)}.` : "")];
    });
  },

  describe(data) {
    return `A batch of ${data.rows.length} texts, ${data.count} tokens that score and ${data.pads} of padding, ${data.padding}. Mean loss ${num(data.padding === "counted" ? data.counted : data.mean, 3)} nats. ` +
      data.rows.map((row, i) => `Row ${i}: ${row.count} tokens, mean ${row.mean === null ? "none" : num(row.mean, 3)}.`).join(" ");
  },

  state(data) {
    return { padding: data.padding, mean: data.mean, counted: data.counted, shown: data.padding === "counted" ? data.counted : data.mean, rowMean: data.rowMean, count: data.count, pads: data.pads,
      rows: data.rows.map((row) => ({ mean: row.mean, count: row.count, tokens: row.cells.map((c) => c.text), losses: row.cells.map((c) => c.loss), pads: row.cells.map((c) => c.pad) })) };
  },
};

export default mount("loss_batch", batchView);
