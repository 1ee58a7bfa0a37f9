// The roofline: operations for each byte against operations a second, the card's roof, this machine's where measured.

const PASSES = { reading: { title: "reading", hue: "pos" }, writing: { title: "writing", hue: "neg" } };
/** A power of ten as an axis wants it: 0.1, 10, 1 k, 100 G. */
const powerOf = (p) => (p < 0 ? num(10 ** p, -p) : `${10 ** (p % 3)} ${SI_NAMES[Math.floor(p / 3)]}`.trim());
const under = (intensity, roof) => Math.min(roof.peak, intensity * roof.bandwidth);

/** Both passes at the shown texts: operations, bytes, and what the card allows at most. */
function passesOf(data, now) {
  return Object.fromEntries(Object.entries(data.works).filter(([, one]) => one).map(([name, one]) => {
    const flops = now.batch * one.flops[now.at];
    const bytes = one.weights + now.batch * one.bytes[now.at];
    return [name, { flops, bytes, intensity: flops / bytes, most: under(flops / bytes, data.card) }];
  }));
}

function drawRoof(g, data, local, at) {
  const { x, y, w, height } = at;
  const now = nowOf(data, local);
  const step = stepOf(data, local);
  const passes = passesOf(data, now);
  const machine = data.machine;
  const [left, right, top, bottom] = [x + 62, x + w - 8, y + 34, y + height - 34];
  const xs = [...Object.values(passes).map((p) => p.intensity), data.card.ridge, ...Object.values(machine?.points ?? {}).map((p) => p.intensity)];
  const ys = [...Object.values(passes).map((p) => p.most), data.card.peak, ...Object.values(machine?.points ?? {}).flatMap((p) => [p.flops, p.most])];
  const [x0, x1] = [Math.floor(Math.log10(Math.min(...xs, 0.5)) - 0.2), Math.ceil(Math.log10(Math.max(...xs)) + 0.3)];
  const [y0, y1] = [Math.floor(Math.log10(Math.min(...ys)) - 0.2), Math.ceil(Math.log10(Math.max(...ys)) + 0.15)];
  const X = (v) => left + ((right - left) * (Math.log10(v) - x0)) / (x1 - x0);
  const Y = (v) => bottom - ((bottom - top) * (Math.log10(v) - y0)) / (y1 - y0);
  const roof = (one) => {
    const ridge = one.peak / one.bandwidth;
    const start = Math.max(10 ** x0, 10 ** y0 / one.bandwidth);
    return `M${X(start)},${Y(under(start, one))}L${X(ridge)},${Y(one.peak)}H${right}`;
  };
  const powers = (a, b, most) => { const each = Math.max(1, Math.ceil((b - a) / most)); return Array.from({ length: Math.floor((b - a) / each) + 1 }, (_, i) => a + i * each); };
  const off = step.focus && !PASSES[step.focus];
  g.part("roof", [at, now.batch, now.length, step.focus], () => h("g", { opacity: off ? 0.5 : 1 },
    label(x, y + 14, "What sets the pace", { weight: 600, fill: "ink" }),
    label(x + 128, y + 14, fit(`operations a second, at most, on ${data.card.name}`, w - 128, 12, false), { fill: "ink3" }),
    powers(y0, y1, 4).map((p) => [h("path", { d: `M${left},${Y(10 ** p)}H${right}`, stroke: css("line") }), label(left - 6, Y(10 ** p) + 4, powerOf(p), { anchor: "end", mono: true, fill: "ink3" })]),
    powers(x0, x1, 7).map((p) => label(Math.min(X(10 ** p), x + w - measure(powerOf(p), 12, true) / 2 - 1), bottom + 16, powerOf(p), { anchor: "middle", mono: true, fill: "ink3" })),
    label((left + right) / 2, bottom + 31, "operations for each byte moved", { anchor: "middle", fill: "ink3" }),
    h("path", { d: `M${X(data.card.ridge)},${Y(data.card.peak)}V${bottom}`, stroke: css("line"), "stroke-dasharray": "3 3" }),
    h("path", { d: roof(data.card), fill: "none", stroke: css("ink2"), "stroke-width": 2, "data-roof": "card" }),
    label(X(data.card.ridge) - 8, bottom - 8, "← memory", { anchor: "end", fill: "ink3" }),
    label(X(data.card.ridge) + 8, bottom - 8, fit("computing →", right - X(data.card.ridge) - 8, 12, false), { fill: "ink3" }),
    g.tip(h("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "transparent", "data-roof": "under" }), (event) => {
      const intensity = 10 ** (x0 + ((x1 - x0) * (pointerAt(g, event)[0] - left)) / (right - left));
      const said = (name, one) => `${name}: at most ${siOf(under(intensity, one), "FLOP/s")}, held by ${intensity < one.peak / one.bandwidth ? "memory" : "computing"}`;
      return [`at ${threeDigits(intensity)} operations for each byte`, said(data.card.name, data.card), machine && said("this machine", machine)].filter(Boolean).join("\n");
    }),
    data.own && !machine && label(left + 6, top + 14, fit("This machine: not measured yet, see below", X(data.card.ridge) - left - 12, 12, false), { fill: "ink3" }),
    machine && h("path", { d: roof(machine), fill: "none", stroke: css("accent"), "stroke-width": 2, "stroke-dasharray": "6 4", "data-roof": "machine" }),
    machine && label(right, Y(machine.peak) - 6, "this machine", { anchor: "end", fill: "accent" }),
    Object.entries(passes).map(([name, p]) => mark(g, { x: X(p.intensity), y: Y(p.most), left, right, name, faint: PASSES[step.focus] && step.focus !== name,
      tip: `${name} ${manyOf(now.batch, "text")} of ${manyOf(now.length, "token")}\n${siOf(p.flops, "FLOP")} for ${sizeOf(p.bytes)}: ${num(p.intensity, 2)} a byte\nat most ${siOf(p.most, "FLOP/s")}` })),
    Object.entries(machine?.points ?? {}).map(([name, p]) => [h("path", { d: `M${X(p.intensity)},${Y(p.flops)}V${Y(p.most)}`, stroke: css("accent"), "stroke-dasharray": "2 2" }),
      g.tip(h("circle", { cx: X(p.intensity), cy: Y(p.flops), r: 5, fill: css("bg"), stroke: css("accent"), "stroke-width": 2, "data-measured": name }),
        `measured here: ${name} ${manyOf(machine.batch, "text")} of ${manyOf(machine.length, "token")}\n${siOf(p.flops, "FLOP/s")} of ${siOf(p.most, "FLOP/s")} that the roof allows`)]),
  ));
}

function mark(g, { x, y, left, right, name, faint, tip }) {
  const before = x + 12 + measure(name, 12, false) > right;
  return h("g", { opacity: faint ? 0.3 : 1 },
    g.tip(h("circle", { cx: x, cy: y, r: 6, fill: css(PASSES[name].hue), stroke: css("bg"), "stroke-width": 1.5, "data-pass": name }), tip),
    label(before ? Math.max(left, x - 10) : x + 11, y + 13, name, { anchor: before ? "end" : "start", fill: PASSES[name].hue === "neg" ? "ink" : "ink", weight: 600 }));
}
