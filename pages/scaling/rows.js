// A row for each size, with what its runs came to and what the law says of it.

import { css, h, label, num } from "../../app/kit/shapes.js";
import { powered, sized } from "../../app/kit/sizes.js";

export const shown = (data, x) => (data.letter === "C" ? powered(x) : sized(x));

function rowText(data, row, law = true) {
  const seeds = data.points.filter((p) => p.x === row.x);
  const lines = [`${data.letter} = ${shown(data, row.x)}${row.own ? ", yours" : ""}`, `loss ${num(row.loss, 3)}${row.runs > 1 ? `, mean of ${row.runs} seeds: ${seeds.map((p) => num(p.loss, 3)).join(", ")}` : ""}`];
  if (seeds.length) lines.push(`held-out stories say ${num(Math.min(...seeds.map((p) => p.low)), 3)} to ${num(Math.max(...seeds.map((p) => p.high)), 3)}`);
  if (law && row.law !== null) lines.push(`the law says ${num(row.law, 3)}, the runs are ${num(100 * Math.abs(row.miss), 1)} % ${row.miss >= 0 ? "above" : "below"} it`, row.used ? "used for the fit" : row.own ? "never used for the fit" : "kept from the fit");
  return lines.join("\n");
}

export function drawRows(g, data, box, step, pick) {
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
