// Translation: source words above, written words below (in two columns where they find no room), and what links them.

import { say } from "../../app/kit/say.js";
import { chip, css, h, inLines, label, measure, num } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { PAD, partOf, planLinks, readsOf, spoken } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept, Part } from "./figure.js"
 * @import { LinkPlaces, Spot } from "./layout.js"
 */

const FAINT = 0.08; // weights below it are not drawn, but for a word's largest one
const SHORT = [say("English"), say("Spanish")]; // titles where there is little room

/** Both ends of a link. @param {LinkPlaces} at @param {number} i @param {number} j */
function linkPath(at, i, j) {
  const [a, b] = [at.read[i], at.written[j]];
  if (at.across) {
    const [x0, y0, x1, y1] = [a.x + a.w / 2, a.y + 12, b.x + b.w / 2, b.y - 12];
    const m = (y0 + y1) / 2;
    return `M${x0},${y0}C${x0},${m} ${x1},${m} ${x1},${y1}`;
  }
  const [x0, y0, x1, y1] = [a.x + a.w, a.y, b.x, b.y];
  const m = (x0 + x1) / 2;
  return `M${x0},${y0}C${m},${y0} ${m},${y1} ${x1},${y1}`;
}

/** @param {Stage} g @param {Data} data @param {Kept} local */
export function drawLinks(g, data, local) {
  const at = planLinks(g.width, data);
  const count = spoken(data, local);
  const part = partOf(data, local);
  const pointed = local.hover?.kind === "read" ? local.hover.at : -1;
  const looked = local.hover || (local.sel.said ?? -1) >= 0;
  g.part("titles", null, () => [
    label(PAD, 20, at.across ? data.titles[0] : SHORT[0], { weight: 600, fill: "ink2" }),
    label(at.right, at.across ? 302 : 20, at.across ? data.titles[1] : SHORT[1], {
      weight: 600,
      fill: "ink2",
    }),
  ]);
  g.part("links", [count, part, pointed, Boolean(looked)], () => {
    /** @type {Shapes[]} */
    const out = [];
    const width = data.read.length;
    for (let j = 0; j < count; j++) {
      const row = readsOf(data, j) ?? new Float32Array(width);
      const most = Math.max(...row, 1e-9);
      for (let i = 0; i < width; i++) {
        if (data.read[i].mark || data.written[j].mark || row[i] < Math.min(FAINT, most)) continue;
        const on = pointed >= 0 ? i === pointed : !looked || j === part;
        const line = h("path", {
          d: linkPath(at, i, j),
          fill: "none",
          stroke: css("att"),
          "stroke-width": 1 + 6 * row[i],
          opacity: (on ? 0.25 + 0.6 * (row[i] / most) : 0.07).toFixed(3),
          "data-link": `${i},${j}`,
        });
        out.push(
          g.tip(
            line,
            say("{word} reads {source}: {share}", {
              word: data.written[j].text,
              source: data.read[i].text,
              share: num(row[i], 3),
            }),
          ),
        );
      }
    }
    for (const kind of /** @type {const} */ (["sure", "possible"])) {
      for (const [i, j] of data[kind]) {
        if (j >= count) continue;
        const on = pointed >= 0 ? i === pointed : !looked || j === part;
        out.push(
          h("path", {
            d: linkPath(at, i, j),
            fill: "none",
            stroke: css("ink"),
            "stroke-width": 1.25,
            "stroke-dasharray": kind === "sure" ? "5 3" : "1.5 4",
            opacity: on ? 0.85 : 0.12,
            "data-true": kind,
            "pointer-events": "none",
            transform: at.across ? "translate(5 0)" : "translate(0 4)",
          }),
        );
      }
    }
    return out;
  });
  g.part("read words", [part, pointed], () =>
    data.read.map((one, i) => wordChip(g, data, at.read[i], one, "read", i, i === pointed, part)),
  );
  g.part("written words", [count, part, pointed], () =>
    data.written
      .slice(0, count)
      .map((one, j) =>
        wordChip(
          g,
          data,
          at.written[j],
          one,
          "written",
          j,
          Boolean(looked) && j === part && pointed < 0,
          part,
        ),
      ),
  );
  const y = at.bottom + (at.across ? 18 : 14);
  g.part("legend", null, () => {
    /** @type {{colour: string, dash: string | null, width: number, text: string}[]} */
    const lines = [{ colour: "att", dash: null, width: 4, text: say("attention") }];
    if (data.judged)
      lines.push(
        { colour: "ink", dash: "5 3", width: 1.25, text: say("true link") },
        { colour: "ink", dash: "1.5 4", width: 1.25, text: say("possible link") },
      );
    let x = PAD;
    return [
      ...lines.map((one) => {
        const node = [
          h("path", {
            d: `M${x},${y - 4}h26`,
            stroke: css(one.colour),
            "stroke-width": one.width,
            "stroke-dasharray": one.dash,
          }),
          label(x + 32, y, one.text, { fill: "ink3" }),
        ];
        x += 46 + measure(one.text, 12, false);
        return node;
      }),
      ...inLines(data.rule, g.width - x - PAD > 200 ? g.width - x - PAD : g.width - 2 * PAD).map((text, i) =>
        label(
          g.width - x - PAD > 200 ? x : PAD,
          g.width - x - PAD > 200 ? y + 16 * i : y + 18 + 16 * i,
          text,
          { fill: "ink3" },
        ),
      ),
    ];
  });
  return { top: y + (isPhone(g.width) ? 44 : 22) };
}

/**
 * A word as a chip. part: of the answer, the one that is looked at.
 * @param {Stage} g @param {Data} data @param {Spot} place @param {Part} one @param {"read" | "written"} kind
 * @param {number} i @param {boolean} selected @param {number} part
 */
function wordChip(g, data, place, one, kind, i, selected, part) {
  const reads = kind === "read" ? readsOf(data, part) : null;
  const node = h(
    "g",
    { class: "gb-hot", [`data-${kind}`]: i },
    chip(g, place.x, place.y, place.w, one.text, {
      selected,
      colour: one.strange ? "pos" : undefined,
      faint: one.mark,
    }),
  );
  const chance = one.p == null ? one.text : `${one.text}  p ${num(one.p, 3)}`;
  const share = reads
    ? say("{source}: {share} of what {word} reads", {
        source: one.text,
        share: num(reads[i], 3),
        word: data.written[part].text,
      })
    : one.text;
  const told =
    kind === "read" ? (one.strange ? say("{told}. Not a word of Toyland", { told: share }) : share) : chance;
  return g.tip(node, told);
}
