// The map of the race: everybody's way so far, where they stand, where downhill is, and the start that a hand may move.

const pointAt = (track, at) => [track.points[2 * at], track.points[2 * at + 1]];
const lastOf = (track, lap) => Math.min(lap, track.losses.length - 1);
/** What to say of a track at a step: "" while it is in the picture. */
function fate(track, lap) {
  if (track.diverged !== null && lap >= track.diverged) return `diverged at ${track.diverged}`;
  return track.left !== null && lap >= track.left && !track.inside(lastOf(track, lap)) ? `out since ${track.left}` : "";
}

function drawMap(g, data, local, at) {
  const { map } = at;
  const lap = lapOf(data, local);
  const scale = scaleOf(data.surface.box, map);
  g.part("ground", [map], () => [
    drawGround(g, "race", local.ground, data.levels, map),
    data.surface.minima.map(([x, y], i) => [
      h("path", { d: `M${scale.x(x) - 6},${scale.y(y)}h12M${scale.x(x)},${scale.y(y) - 6}v12`, stroke: css("ink"), "stroke-width": 1.5 }),
      i === 0 && onGround(scale.x(x) + 9, scale.y(y) + 17, data.surface.minima.length > 1 ? "lowest points" : "lowest point", { fill: "ink3" }),
    ]),
    onGround(map.x + 8, map.y + map.h - 8, `x ${set(data.surface.box[0])} to ${set(data.surface.box[1])}, y ${set(data.surface.box[2])} to ${set(data.surface.box[3])}`, { fill: "ink3" }),
  ]);
  const chosen = racerOf(local);
  const order = [...local.tracks].sort((a, b) => (a === chosen) - (b === chosen));
  g.part("tracks", [lap, chosen?.id, map, Boolean(local.drag)], () => h("g", { "clip-path": "url(#op-race)", opacity: local.drag ? 0.3 : 1 }, order.map((track) => {
    const last = lastOf(track, lap);
    const points = Array.from(track.losses, (_, i) => pointAt(track, i)).map(([x, y]) => [near(scale.x(x)), near(scale.y(y))]);
    const done = points.slice(0, last + 1);
    const width = track === chosen ? 2.6 : 1.6;
    return [
      h("path", { d: lineTo(points.slice(last)), fill: "none", stroke: css(LOOKS[track.id].colour), "stroke-width": 1.2, opacity: 0.3 }),
      drawLine(lineTo(done), LOOKS[track.id], width),
      track === chosen && last <= 120 && done.map(([x, y]) => h("circle", { cx: x, cy: y, r: 2.2, fill: css(LOOKS[track.id].colour) })),
    ];
  })));
  g.part("heads", [lap, chosen?.id, map, local.drag], () => (local.drag ? [] : drawHeads(data, order, lap, scale, map, chosen)));
  g.part("arrows", [lap, chosen?.id, map, Boolean(local.drag)], () => (chosen && !local.drag ? drawArrows(chosen, lap, scale, map) : []));
  const [x, y] = local.drag ?? data.start;
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

/** Where everybody stands: a dot, and a name beside it where it does not lie on another one's. */
function drawHeads(data, order, lap, scale, map, chosen) {
  const placed = [];
  const free = (box) => !placed.some((b) => box.x < b.x + b.w && b.x < box.x + box.w && box.y < b.y + b.h && b.y < box.y + box.h);
  const dots = [];
  const names = [];
  for (const track of [...order].reverse()) {
    const [x, y] = pointAt(track, lastOf(track, lap));
    const gone = !track.inside(lastOf(track, lap));
    const px = clamp(near(scale.x(x)), map.x + 8, map.x + map.w - 8);
    const py = clamp(near(scale.y(y)), map.y + 8, map.y + map.h - 8);
    const { colour } = LOOKS[track.id];
    dots.unshift(gone
      ? h("path", { d: `M${px - 6},${py - 6}L${px + 6},${py + 6}M${px + 6},${py - 6}L${px - 6},${py + 6}`, stroke: css(colour), "stroke-width": 3 })
      : h("circle", { cx: px, cy: py, r: track === chosen ? 6.5 : 5, fill: css(colour), stroke: css("bg"), "stroke-width": 1.5 }));
    const name = data.kinds.find((kind) => kind.id === track.id).short;
    const w = measure(name, 12, false) + 6;
    const spots = [[px + 10, py + 4], [px - 6 - w, py + 4], [px - w / 2, py - 11], [px - w / 2, py + 21], [px + 10, py - 9], [px + 10, py + 18], [px - 6 - w, py - 9], [px - 6 - w, py + 18], [px + 10, py - 24], [px + 10, py + 33]];
    const spot = spots.find(([sx, sy]) => sx > map.x && sx + w < map.x + map.w && sy > map.y + 12 && sy < map.y + map.h && free({ x: sx, y: sy - 11, w, h: 14 }));
    if (!spot) continue;
    placed.push({ x: spot[0], y: spot[1] - 11, w, h: 14 });
    names.push(onGround(spot[0], spot[1], name, { fill: colour, weight: track === chosen ? 700 : 600 }));
  }
  return [dots, names];
}

/** At the chosen one's last step: where downhill was, and where it went. */
function drawArrows(track, lap, scale, map) {
  const k = Math.max(1, lastOf(track, lap));
  if (track.losses.length < 2 || !track.inside(k - 1)) return [];
  const [x, y] = pointAt(track, k - 1);
  const p = [scale.x(x), scale.y(y)];
  const n = track.numbers;
  const unit = [map.w / (track.box[1] - track.box[0]), map.h / (track.box[3] - track.box[2])];
  const to = (vx, vy, length) => {
    const [dx, dy] = [vx * unit[0], -vy * unit[1]];
    const far = Math.hypot(dx, dy);
    return far > 0 && Number.isFinite(far) ? [p[0] + (dx / far) * length, p[1] + (dy / far) * length] : null;
  };
  const row = 14 * (k - 1);
  const down = to(-n[row], -n[row + 1], 44);
  const [nx, ny] = pointAt(track, k);
  const went = to(nx - x, ny - y, 44);
  const inside = ([ax, ay]) => [clamp(ax, map.x + 30, map.x + map.w - 30), clamp(ay, map.y + 12, map.y + map.h - 22)];
  const out = [];
  if (down) out.push(arrow(p, down, "ink", 1.5, "3 3"));
  if (went) out.push(arrow(p, went, LOOKS[track.id].colour, 2.5));
  if (down) {
    const [ax, ay] = inside([down[0] + (down[0] - p[0]) * 0.3, down[1] + (down[1] - p[1]) * 0.3]);
    out.push(onGround(ax, ay + 4, "downhill", { anchor: "middle", fill: "ink2" }));
  }
  return out;
}
