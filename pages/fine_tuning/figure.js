// Fine-tuning: four ways of adapting one pretrained model, live or recorded (the chart), what each costs (table.js), and
// LoRA's arithmetic on one of its matrices (stages.js).

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { fit, html, inLines, label, unpack, visible } from "../../app/kit/shapes.js";
import { WORDS, drawLora, stages } from "./stages.js";
import { FORGOTTEN, WAY_COLOURS, WAY_DASHES, cells, drawTable, percent, saidOf } from "./table.js";

function planTuning(g, data, step) {
  const phone = g.width < 720;
  if (step < stages.last) {
    const size = phone ? Math.min(g.width - 40, 240) : Math.min(260, Math.floor((g.width - 120) / 3.4));
    const lines = inLines(data.lora ? WORDS[step](data.lora) : "", Math.min(g.width, 760), 14).length;
    const top = 34 + 20 * lines;
    const tall = phone ? (step >= 4 ? 3 : step >= 1 ? 2 : 1) * (size + 64) : size + 20;
    return { phone, size, gap: 36, top, height: top + tall };
  }
  const chart = phone ? { left: 0, top: 22, width: g.width, height: 250 } : { left: 0, top: 22, width: Math.round(g.width * 0.5), height: 330 };
  const axis = { left: 0, top: phone ? 280 : 360 };
  const about = phone ? { x: 0, y: 346, w: g.width } : { x: 140, y: 371, w: chart.width - 150 };
  const under = about.y + 16 * inLines(data.about, about.w).length;
  const table = phone ? { x: 0, y: under + 6, w: g.width, pitch: 114, cells: [[0, 0], [0.6, 0], [0, 1], [0.3, 1], [0.6, 1]] }
    : { x: chart.width + 28, y: 4, w: g.width - chart.width - 28, pitch: 78, cells: [[0, 0], [0.33, 0], [0.545, 0], [0.685, 0], [0.79, 0]] };
  const foot = table.y + 4 * table.pitch + 8 + 16 * inLines(FORGOTTEN, table.w).length;
  const read = { x: table.x, y: foot + 12, w: table.w };
  return { phone, chart, table, axis, about, read, height: Math.max(read.y + 8, under) };
}

const tuning = {
  init(data) {
    if (!data.lora) return { arrays: null };
    const [W, A, B, added] = ["W", "A", "B", "added"].map((name) => unpack(data.lora[name]));
    return { arrays: { W, A, B, added, sum: W.map((v, i) => v + added[i]) } };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    const at = planTuning(g, data, step);
    g.height = at.height;
    stages.bar(g, local);
    if (step < stages.last) {
      local.chart = null;
      g.part("told", [step, at], () => inLines(data.lora ? WORDS[step](data.lora) : "", Math.min(g.width, 760), 14).map((line, i) => label(0, 14 + 20 * i, line, { size: 14, fill: "ink" })));
      drawLora(g, data, local, at, step);
      return;
    }
    g.part("head", [at.phone], () => [label(0, 12, data.title, { weight: 600, fill: "ink", size: 13 })]);
    local.chart = curves(g, "ways", at.chart, {
      runs: data.ways.map((way) => ({ ...way.curve, colour: WAY_COLOURS[way.key], dash: WAY_DASHES[way.key] })),
      lines: [{ column: "held_out", kind: "solid" }], x: data.x, ends: "line", low: data.low, high: 1, title: data.title,
      guessing: data.guessing, format: percent, onpoint: (feed, what) => heardRuns(g, local, what),
    });
    g.overlay("axis", at.axis, () => html("div", { class: "tune-axis", role: "group", "aria-label": "Across" },
      [["step", "Steps"], ["seconds", "Seconds"]].map(([key, name]) => html("button", { type: "button", "data-axis": key, onclick: () => g.send("axis", { x: key, at: Date.now() }) }, name))), (node) => {
      for (const button of node.children) button.setAttribute("aria-pressed", String(button.dataset.axis === data.x));
    });
    g.part("about", [at.about], () => inLines(data.about, at.about.w).map((line, i) => label(at.about.x, at.about.y + 16 * i, line, { fill: "ink3" })));
    drawTable(g, data, at.table);
    g.part("read", [at.read, data.text], () => label(at.read.x, at.read.y, fit(`Your text: “${visible(data.text)}”`, at.read.w, 12, false), { fill: "ink2" }));
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    if (event.key !== "Escape") return false;
    if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    if (step < stages.last) return `Step ${step + 1}, ${stages.names[step]}. ${data.lora ? WORDS[step](data.lora) : "Nothing learned yet."}`;
    return `${data.title}. ` + data.ways.map((way) => {
      const row = cells(way);
      return `${way.curve.name}${way.own ? ", yours" : ", recorded"}: held out ${row.accuracy}, ${row.learned} numbers learned, file ${row.bytes}, ${row.seconds}, forgotten ${row.forgets}; your text: ${saidOf(way)}`;
    }).join(". ") + ".";
  },

  state(data, local) {
    return {
      tokens: data.tokens, job: data.job, stage: stages.state(local), x: data.x,
      ways: data.ways.map((way) => ({ key: way.key, id: way.curve.id, own: way.own, going: way.going, worth: way.worth, judged: way.judged, cells: cells(way) })),
      lora: data.lora && { name: data.lora.name, rank: data.lora.rank, alpha: data.lora.alpha, cell: data.lora.cell, moved: data.lora.moved, sum: Number(local.arrays.sum[data.lora.cell.row * data.lora.W.shape[1] + data.lora.cell.col].toPrecision(6)) },
      chart: local.chart?.summary() ?? null,
    };
  },
};

export default mount("fine_tuning", tuning);
