// The tokens of the text, with how many neurons fire at each; the followed one goes through the layer.

import { chip, clamp, h, label } from "../../app/kit/shapes.js";
import { firstRow, percent } from "./layout.js";

export function drawTokens(g, data, local, at) {
  const c = at.chips;
  if (at.phone) {
    g.part("tokens", [data.row], () => [label(0, 12, "Tokens", { weight: 600, fill: "ink" }), label(56, 12, "touch one to follow it", { fill: "ink3" }),
      c.wrapped.map((one) => pick(g, data, one.at, chip(g, one.x + 0.5, c.top + one.y + 13, one.w, data.rows[one.at].text, { height: 28, selected: one.at === data.row, faint: data.rows[one.at].special })))]);
    return;
  }
  const first = firstRow(data, at);
  const many = data.rows.length > c.rows;
  g.part("tokens", [data.row], () => [
    label(0, 12, "Tokens", { weight: 600, fill: "ink" }),
    label(0, 28, many ? `${first} to ${first + c.rows - 1} of ${data.rows.length}` : `all ${data.rows.length}`, { fill: "ink3" }),
    label(c.end, 28, "fire", { fill: "ink3", anchor: "end" }),
    data.rows.slice(first, first + c.rows).map((row, i) => {
      const y = c.top + (i + 0.5) * c.pitch;
      const on = first + i === data.row;
      const parts = h("g", {}, chip(g, 0.5, y, c.w, row.text, { height: c.pitch - 3, size: 12, selected: on, faint: row.special, id: row.id }),
        label(c.end, y + 4, percent(row.fires), { anchor: "end", mono: true, size: 12, fill: on ? "mlp-ink" : "ink3" }),
        h("rect", { x: c.bar, y: y - 10, width: c.end - c.bar, height: 20, fill: "transparent" }));
      return pick(g, data, first + i, parts);
    }),
  ]);
}

/** A part that follows token `row` when it is clicked. */
function pick(g, data, row, node) {
  node.classList.add("gb-hot");
  node.setAttribute("data-row", row);
  node.addEventListener("click", () => follow(g, data, row));
  return node;
}
/** The token that was chosen last, also while the page still works on it. */
export const rowOf = (data, local) => {
  const given = local.sel.follow ?? -1;
  return given >= 0 && given < data.rows.length ? given : data.home;
};
export function follow(g, data, row) {
  const to = clamp(row, 0, data.rows.length - 1);
  if (to !== rowOf(data, g.local)) g.select({ follow: to === data.home ? -1 : to });
}
