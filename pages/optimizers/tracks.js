// The map of the race: everybody's way so far, where they stand, where downhill is, and the start that a hand may move.

import { clamp, css, h, lerp, measure } from "../../app/kit/shapes.js";
import { arrow, drawGround, drawLine, lineTo, onGround } from "./ground.js";
import { LOOKS, lapOf, near, racerOf, scaleOf, set, sig, startOf, trackOf } from "./layout.js";

export const pointAt = (track, at) => [track.points[2 * at], track.points[2 * at + 1]];
export const lastOf = (track, lap) => Math.min(lap, track.losses.length - 1);
/** What to say of a track at a step: "" while it is in the picture. */
export function fate(track, lap) {
  if (track.diverged !== null && lap >= track.diverged) return `diverged at ${track.diverged}`;
  return track.left !== null && lap >= track.left && !track.inside(lastOf(track, lap)) ? `out since ${track.left}` : "";
}

export function drawMap(g, data, local, at) {
  const { map } = at;
  const lap = lapOf(data, local);
  const scale = scaleOf(data.surface.box, map);
  g.part("ground", [map], () => [
    drawGround(g, "race", local.ground, data.levels, map),
    data.surface.minima.map(([x, y]) => h("path", { d: `M${scale.x(x) - 6},${scale.y(y)}h12M${scale.x(x)},${scale.y(y) - 6}v12`, stroke: css("ink"), "stroke-width": 1.5 })),
    onGround(map.x + 8, map.y + map.h - 8, `x ${set(data.surface.box[0])} to ${set(data.surface.box[1])}, y ${set(data.surface.box[2])} to ${set(data.surface.box[3])}`, { fill: "ink3" }),
  ]);
  const chosen = racerOf(local);
  // The chosen one lies on top; but where AdamW goes just as Adam does, its dots lie on Adam's line.
  const twins = sameWay(trackOf(local, "adam"), trackOf(local, "adamw"));
  const rank = (track) => (twins && track.id === "adamw" ? 2 : track === chosen ? 1 : 0);
  const order = [...local.tracks].sort((a, b) => rank(a) - rank(b));
  g.part("tracks", [lap, chosen?.id, map, Boolean(local.drag)], () => h("g", { "clip-path": "url(#op-race)", opacity: local.drag ? 0.3 : 1 }, order.map((track) => {
    const last = lastOf(track, lap);
    const points = Array.from(track.losses, (_, i) => pointAt(track, i)).map(([x, y]) => [near(scale.x(x)), near(scale.y(y))]);
    const done = points.slice(0, last + 1);
    const width = track === chosen ? 2.6 : 1.6;
    return [
      h("path", { d: lineTo(points.slice(last)), fill: "none", stroke: css(LOOKS[track.id].colour), "stroke-width": 1.2, opacity: 0.3 }),
      drawLine(lineTo(done), LOOKS[track.id], width).slice(twins && track.id === "adamw" ? 1 : 0), // no rim over Adam's line
      track === chosen && last <= 120 && done.map(([x, y]) => h("circle", { cx: x, cy: y, r: 2.2, fill: css(LOOKS[track.id].colour) })),
    ];
  })));
  const arrows = chosen && !local.drag ? arrowsOf(chosen, lap, scale, map) : [];
  g.part("arrows", [lap, chosen?.id, map, Boolean(local.drag)], () => arrows.map(({ from, to, colour, width, dash }) => arrow(from, to, colour, width, dash)));
  g.part("heads", [lap, chosen?.id, map, local.drag], () => (local.drag ? [] : drawHeads(data, order, lap, scale, map, chosen, arrows, twins)));
  const [x, y] = local.drag ?? startOf(data, local);
  g.part("start", [x, y, map, lap], () => {
    const ring = h("g", { class: "op-start", "data-start": "" },
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 22, fill: "transparent" }),
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 9, fill: "none", stroke: css("bg"), "stroke-width": 5 }),
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 9, fill: "none", stroke: css("ink"), "stroke-width": 2 }),
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 2, fill: css("ink") }));
    g.tip(ring, `start (${sig(x, 3)}, ${sig(y, 3)}): drag it, or click where to start`);
    const up = y > (data.surface.box[2] + data.surface.box[3]) / 2;
    return [ring, onGround(clamp(scale.x(x), map.x + 34, map.x + map.w - 34), scale.y(y) + (up ? -16 : 26), "start", { fill: "ink", anchor: "middle", weight: 600 })];
  });
}

/** Whether two tracks are the same to the eye. */
function sameWay(one, other) {
  return Boolean(one && other) && one.points.length === other.points.length && one.points.every((v, i) => Math.abs(v - other.points[i]) < 1e-6);
}

/** Where everybody stands: a dot, and names where they lie on no dot, no arrow and no other name. */
function drawHeads(data, order, lap, scale, map, chosen, arrows, twins) {
  const boxOf = (x, y, w, tall) => ({ x, y, w, h: tall });
  const heads = order.map((track) => {
    const last = lastOf(track, lap);
    const [x, y] = pointAt(track, last);
    return { track, gone: !track.inside(last), px: clamp(near(scale.x(x)), map.x + 8, map.x + map.w - 8), py: clamp(near(scale.y(y)), map.y + 8, map.y + map.h - 8) };
  });
  const [sx, sy] = [scale.x(data.start[0]), scale.y(data.start[1])];
  const taken = [...heads.map(({ px, py }) => boxOf(px - 7, py - 7, 14, 14)), boxOf(sx - 20, sy - 30, 40, 42)];
  for (const { from, to } of arrows) for (const t of [0.25, 0.5, 0.75, 1]) taken.push(boxOf(lerp(from[0], to[0], t) - 4, lerp(from[1], to[1], t) - 4, 8, 8));
  const free = (box) => !taken.some((b) => box.x < b.x + b.w && b.x < box.x + box.w && box.y < b.y + b.h && b.y < box.y + box.h);
  const write = (px, py, text, o, far) => {
    const w = measure(text, 12, false) * 1.05 + 4;
    const spots = [];
    for (const d of far) spots.push([px + d, py + 4], [px - d - w, py + 4], [px - w / 2, py - d - 2], [px - w / 2, py + d + 11], [px + d, py - d], [px + d, py + d + 8], [px - d - w, py - d], [px - d - w, py + d + 8]);
    const spot = spots.find(([x, y]) => x > map.x + 2 && x + w < map.x + map.w - 2 && y > map.y + 12 && y < map.y + map.h - 4 && free(boxOf(x, y - 11, w, 14)));
    if (!spot) return null;
    taken.push(boxOf(spot[0], spot[1] - 11, w, 14));
    return onGround(spot[0], spot[1], text, o);
  };
  const names = [...heads].reverse().map(({ track, px, py }) => {
    if (twins && track.id === "adamw") return null;
    const kind = data.kinds.find((one) => one.id === track.id);
    return write(px, py, twins && track.id === "adam" ? "Adam = AdamW" : kind.short, { fill: LOOKS[track.id].colour, weight: track === chosen ? 700 : 600 }, [10, 18, 30]);
  });
  for (const { to, name } of arrows) if (name) names.push(write(to[0], to[1], name, { fill: "ink2" }, [8, 16]));
  const [x, y] = data.surface.minima[0];
  names.push(write(scale.x(x), scale.y(y), data.surface.minima.length > 1 ? "lowest points" : "lowest point", { fill: "ink3" }, [10, 18, 30, 44]));
  return [heads.map(({ track, gone, px, py }) => (gone
    ? h("path", { d: `M${px - 6},${py - 6}L${px + 6},${py + 6}M${px + 6},${py - 6}L${px - 6},${py + 6}`, stroke: css(LOOKS[track.id].colour), "stroke-width": 3 })
    : h("circle", { cx: px, cy: py, r: twins && track.id === "adamw" ? 3 : track === chosen ? 6.5 : 5, fill: css(LOOKS[track.id].colour), stroke: css("bg"), "stroke-width": 1.5 }))), names];
}

/** At the chosen one's last step: where downhill was, and where it went. */
function arrowsOf(track, lap, scale, map) {
  const k = Math.max(1, lastOf(track, lap));
  if (track.losses.length < 2 || !track.inside(k - 1)) return [];
  const [x, y] = pointAt(track, k - 1);
  const from = [scale.x(x), scale.y(y)];
  const unit = [map.w / (track.box[1] - track.box[0]), map.h / (track.box[3] - track.box[2])];
  const towards = (vx, vy) => {
    const [dx, dy] = [vx * unit[0], -vy * unit[1]];
    const far = Math.hypot(dx, dy);
    return far > 0 && Number.isFinite(far) ? [from[0] + (dx / far) * 44, from[1] + (dy / far) * 44] : null;
  };
  const row = 14 * (k - 1);
  const [nx, ny] = pointAt(track, k);
  const down = towards(-track.numbers[row], -track.numbers[row + 1]);
  const went = towards(nx - x, ny - y);
  return [
    down && { from, to: down, colour: "ink", width: 1.5, dash: "3 3", name: "downhill" },
    went && { from, to: went, colour: LOOKS[track.id].colour, width: 2.5, dash: null, name: "" },
  ].filter(Boolean);
}
