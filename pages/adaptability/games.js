// Examples in the prompt against the same ones learned by steps: a game's figures, and one prompt, answered now.

import { css, fit, h, label, num } from "../../app/kit/shapes.js";

export function gamePlan(game) {
  const series = [["context", "in the prompt"], ["steps", "learned by steps"], ["elsewhere", `in the prompt of ${game.other}`]].filter(([key]) => game[key]?.length);
  return {
    places: game.context.map((p) => p.at), axis: "solved examples",
    series: series.map(([key, name]) => ({ key, name: key === "context" ? `${name}, ${game.model}` : name, points: game[key] })),
  };
}

/** The prompt as the model reads it, and the shares of the answers to choose from. */
export function drawPrompt(g, game, box) {
  const shown = game.shown;
  const room = Math.max(20, Math.floor(box.w / 7.6));
  const rows = [];
  for (const piece of shown.prompt.split(/(?<= )/)) {
    if (rows.length && rows.at(-1).length + piece.length <= room) rows[rows.length - 1] += piece;
    else rows.push(piece);
  }
  const lines = rows.slice(-9);
  const top = box.y + 30 + 17 * lines.length + (rows.length > 9 ? 17 : 0);
  g.part("prompt", [box], () => {
    const out = [label(box.x, box.y + 11, shown.own ? `Your prompt, as ${game.model} reads it` : `One prompt, as ${game.model} reads it`, { fill: "ink3" })];
    let y = box.y + 30;
    if (rows.length > 9) { out.push(label(box.x, y, "…", { mono: true, fill: "ink3" })); y += 17; }
    lines.forEach((line, k) => out.push(label(box.x, y + 17 * k, line, { mono: true, fill: "ink" })));
    const y0 = top + 14;
    out.push(label(box.x, y0, "What follows, among these", { fill: "ink3" }));
    shown.options.forEach((one, k) => {
      const at = y0 + 10 + 24 * k;
      const width = Math.max(1, one.share * (box.w - 210));
      const right = k === shown.right;
      out.push(g.tip(h("g", { "data-option": one.text }, h("rect", { x: box.x, y: at, width: box.w, height: 20, fill: "transparent" }),
        label(box.x, at + 14, fit(one.text, 96, 13), { mono: true, size: 13, fill: "ink", weight: right ? 700 : null }),
        h("rect", { x: box.x + 104, y: at + 2, width, height: 15, rx: 2, fill: css(right ? "accent" : "line") }),
        label(box.x + 110 + width, at + 14, `${num(one.share, 2)}${right ? " right" : ""}`, { mono: true, fill: "ink2" })),
      `${one.text}${right ? ", the right one" : ""}: ${num(100 * one.share, 2)} % of what these get`));
    });
    if (shown.why) out.push(label(box.x, y0 + 20, shown.why, { fill: "ink2" }));
    return out;
  });
  return top + 28 + 24 * Math.max(1, shown.options.length);
}
