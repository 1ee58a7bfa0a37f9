// The ground of a landscape: shades and contour lines of a grid of heights, and lines over it that stay readable.

import { css, h, heat, heatImage, label } from "../../app/kit/shapes.js";

/** Which share of the levels lies below a height: what shades are chosen by, so that flat and steep both show. */
function shareBelow(levels, value) {
  let n = 0;
  while (n < levels.length && levels[n] < value) n++;
  if (n === 0 || n === levels.length) return n / levels.length;
  return (n - 1 + (value - levels[n - 1]) / (levels[n] - levels[n - 1])) / levels.length;
}

/** The line of one height through a grid (marching squares), as path data. */
function contour(grid, rows, cols, level, X, Y) {
  let d = "";
  const cut = (a, b) => (level - a) / (b - a);
  for (let r = 0; r < rows - 1; r++) {
    for (let c = 0; c < cols - 1; c++) {
      const at = r * cols + c;
      const [a, b, e, f] = [grid[at], grid[at + 1], grid[at + cols + 1], grid[at + cols]]; // clockwise from top left
      const over = (a > level) + 2 * (b > level) + 4 * (e > level) + 8 * (f > level);
      if (over === 0 || over === 15 || !Number.isFinite(a + b + e + f)) continue;
      const side = [
        () => [c + cut(a, b), r], () => [c + 1, r + cut(b, e)], () => [c + cut(f, e), r + 1], () => [c, r + cut(a, f)],
      ];
      for (const [from, to] of CUTS[over]) {
        const [p, q] = [side[from](), side[to]()];
        d += `M${X(p[0]).toFixed(1)},${Y(p[1]).toFixed(1)}L${X(q[0]).toFixed(1)},${Y(q[1]).toFixed(1)}`;
      }
    }
  }
  return d;
}
const CUTS = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

/** A grid of heights with its first row on top, filling the box `map`. */
export function drawGround(g, name, grid, levels, map) {
  const [rows, cols] = grid.shape;
  const [dx, dy] = [map.w / (cols - 1), map.h / (rows - 1)];
  const paint = (value) => (Number.isFinite(value) ? g.sequentialRgb(0.02 + 0.3 * shareBelow(levels, value), 1, "res") : g.sequentialRgb(0.5, 1, "res"));
  const X = (c) => map.x + c * dx;
  const Y = (r) => map.y + r * dy;
  return [
    h("defs", {}, h("clipPath", { id: `op-${name}` }, h("rect", { x: map.x, y: map.y, width: map.w, height: map.h, rx: 4 }))),
    h("g", { "clip-path": `url(#op-${name})` },
      heatImage(map.x - dx / 2, map.y - dy / 2, map.w + dx, map.h + dy, heat(grid, rows, cols, paint), { style: "image-rendering:auto" }),
      levels.map((level) => h("path", { d: contour(grid, rows, cols, level, X, Y), fill: "none", stroke: css("res"), "stroke-width": 0.7, opacity: 0.7 }))),
    h("rect", { x: map.x + 0.5, y: map.y + 0.5, width: map.w - 1, height: map.h - 1, rx: 4, fill: "none", stroke: css("line") }),
  ];
}

/** A line with a rim of the ground's colour around it. */
export function drawLine(d, look, width, o = {}) {
  return [
    h("path", { d, fill: "none", stroke: css("bg"), "stroke-width": width + 3, opacity: 0.8, "stroke-linejoin": "round", ...o }),
    h("path", { d, fill: "none", stroke: css(look.colour), "stroke-width": width, "stroke-dasharray": look.dash?.join(" "), "stroke-linejoin": "round", "stroke-linecap": look.dash ? null : "round", ...o }),
  ];
}
/** Words over a picture, with the same rim. */
export const onGround = (x, y, text, o = {}) => label(x, y, text, { stroke: css("bg"), "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round", ...o });
export const lineTo = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

/** An arrow from p to q, in pixels. */
export function arrow(p, q, colour, width, dash) {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const far = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / far, dy / far];
  const back = [q[0] - 8 * ux, q[1] - 8 * uy];
  return [
    h("path", { d: lineTo([p, back]), stroke: css("bg"), "stroke-width": width + 3, opacity: 0.85 }),
    h("path", { d: lineTo([p, back]), stroke: css(colour), "stroke-width": width, "stroke-dasharray": dash }),
    h("path", { d: `${lineTo([q, [back[0] - 4.5 * uy, back[1] + 4.5 * ux], [back[0] + 4.5 * uy, back[1] - 4.5 * ux]])}Z`, fill: css(colour), stroke: css("bg"), "stroke-width": 1, "paint-order": "stroke" }),
  ];
}
