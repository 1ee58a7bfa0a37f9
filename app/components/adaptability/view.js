// Adaptability: what little data and few numbers come to. Four studies, each a chart of many recorded runs (plot.js) with
// what belongs beside it (studies.js, games.js); the last step shows all four.

const stages = stepMode("stage", ["Rank", "Few examples", "Prompt", "In context", "All four"]);
const STUDIES = ["rank", "examples", "prompt"];
const FIELDS = { rank: "rank", examples: "few", prompt: "front", context: "told" };
const TITLES = { rank: "Rank against quality", examples: "Few examples against many", prompt: "Vectors in front", context: "In the prompt against by steps" };

const keyOf = (step) => [...STUDIES, "context"][step];
/** The chosen place of a study: the recorded one that is nearest to what the page's field says. */
function chosenOf(data, local, key) {
  const places = key === "context" ? data.game.context.map((p) => p.at) : data.studies[key].places;
  const wanted = local.sel[FIELDS[key]] ?? places[0];
  return places.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
}
const planOf = (data, local, key) => ({ ...(key === "context" ? gamePlan(data.game, chosenOf(data, local, key)) : { ...data.studies[key], chosen: chosenOf(data, local, key) }) });

function drawAll(g, data, local) {
  const phone = g.width < 720;
  const w = phone ? g.width : Math.floor((g.width - 36) / 2);
  const room = w * 0.45 - 16;
  const panels = [...STUDIES, "context"].map((key) => {
    const plan = { ...planOf(data, local, key), small: true };
    const lines = data.findings[key].flatMap((line) => inLines(line, room));
    const top = (phone ? 40 : 26) + 18 * legendRows(plan, w); // below the door, which is higher where fingers open it, and the names
    return { key, plan, lines, top, tall: top + Math.max(phone ? 186 : 154, 34 + 16 * lines.length) };
  });
  const across = phone ? 1 : 2;
  let y = 0;
  for (let first = 0; first < panels.length; first += across) {
    const row = panels.slice(first, first + across);
    row.forEach((panel, k) => drawSmall(g, data, local, panel, { x: k * (w + 36), y, w, h: phone ? 170 : 142, at: first + k, phone }));
    y += Math.max(...row.map((panel) => panel.tall));
  }
  drawText(g, data, { x: 4, y, w: g.width - 8 });
  g.height = y + 20;
}
/** One study among all: its door, its chart, and what it found. */
function drawSmall(g, data, local, { key, plan, lines, top }, { x, y, w, h: height, at, phone }) {
  const title = key === "context" ? `${TITLES[key]}: ${data.game.title}` : TITLES[key];
  g.overlay(`open ${key}`, { left: x, top: y, width: w }, () => html("button", { type: "button", class: "adapt-open", onclick: () => stages.to(g, local, at) }), (node) => { node.textContent = title; });
  const names = y + (phone ? 40 : 26);
  plot(g, `small ${key}`, { x, y: names, w: Math.round(w * 0.55), h: height + top - (names - y), wide: w }, plan);
  g.part(`found ${key}`, [x, y, w], () => lines.map((line, i) => label(x + w * 0.55 + 12, y + top + 18 + 16 * i, line, { fill: "ink2" })));
}

/** The learner's text, as it was judged. */
const drawText = (g, data, at) => g.part("text", [at, data.text], () => label(at.x, at.y + 8, fit(`Your text: “${visible(data.text)}”`, at.w, 12, false), { fill: "ink2" }));

function drawOne(g, data, local, key) {
  const phone = g.width < 720;
  const chart = { x: 0, y: 26, w: phone ? g.width : Math.round(g.width * 0.54), h: phone ? 290 : 352 };
  const side = phone ? { x: 0, y: 330, w: g.width } : { x: chart.w + 30, y: 10, w: g.width - chart.w - 30 };
  const pick = (place) => g.select({ [FIELDS[key]]: place });
  const plan = planOf(data, local, key);
  g.part("head", [key], () => label(0, 13, fit(key === "context" ? data.game.asks : data.studies[key].title, chart.w, 13.5, false), { weight: 600, fill: "ink", size: 13 }));
  plot(g, `chart ${key}`, chart, plan, pick);
  let y = side.y;
  if (key === "context") y = drawPrompt(g, data.game, { ...side, y });
  else {
    y = ladder(g, { ...data.studies[key], chosen: plan.chosen }, { ...side, y }, pick);
    drawText(g, data, { x: side.x, y: y + 4, w: side.w });
    y += 20;
    if (key === "prompt" && data.near) y = vectorRows(g, data.near, { ...side, y: y + 10 }) + 8;
  }
  y = prose(g, "told", { x: side.x, y: y + 6, w: side.w }, data.findings[key]);
  const below = drawLive(g, data, local, { phone, chart, y });
  g.height = Math.max(chart.y + chart.h + 6, y, below);
}

/** Own runs that are going: their curves, live. */
function drawLive(g, data, local, at) {
  local.chart = null;
  if (!data.live.length) return 0;
  const y = at.phone ? at.y + 24 : at.chart.y + at.chart.h + 30;
  g.part("live head", [y], () => label(0, y - 8, "Your runs: held-out examples that are right, by step", { fill: "ink3" }));
  local.chart = curves(g, "live", { left: 0, top: y, width: at.chart.w, height: 150 }, {
    runs: data.live, lines: [{ column: "held_out", kind: "solid" }], x: "step", ends: "line", low: 0.3, high: 1, title: "Your runs",
    format: (v) => `${num(Number((100 * v).toPrecision(6)), 1)} %`, onpoint: (feed, what) => heardRuns(g, local, what),
  });
  return y + 160;
}
const adaptability = {
  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local);
    if (step === stages.last) { local.chart = null; drawAll(g, data, local); }
    else drawOne(g, data, local, keyOf(step));
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const key = keyOf(stages.of(local));
    const move = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (move && key) {
      const { places, chosen } = planOf(data, local, key);
      g.select({ [FIELDS[key]]: places[clamp(places.indexOf(chosen) + move, 0, places.length - 1)] });
      return true;
    }
    if (event.key !== "Escape") return false;
    if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    const one = (key) => `${TITLES[key]}. ${data.findings[key].join(" ")}`;
    if (step === stages.last) return [...STUDIES, "context"].map(one).join(" ");
    const key = keyOf(step);
    const plan = planOf(data, local, key);
    const figures = plan.series.map((s) => `${s.name}: ${s.points.map((p) => `${p.at}: ${span(p)}`).join(", ")}`).join(". ");
    return `Step ${step + 1}. ${one(key)} ${plan.axis}: ${figures}.`;
  },

  state(data, local) {
    const step = stages.of(local);
    const key = keyOf(step);
    return {
      tokens: data.tokens, stage: stages.state(local), chosen: key ? chosenOf(data, local, key) : null, judged: data.judged, near: data.near,
      studies: Object.fromEntries(STUDIES.map((name) => [name, data.studies[name].series.map((s) => ({ key: s.key, means: s.points.map((p) => p.mean) }))])),
      own: STUDIES.flatMap((name) => data.studies[name].own), game: { key: data.game.key, shown: data.game.shown, context: data.game.context.map((p) => p.mean), steps: data.game.steps.map((p) => p.mean) },
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("adaptability", adaptability);
