// Beside the charts: what each place of an axis costs, what it says of the learner's text, and what vectors come near.

import { css, fit, h, inLines, label, num, thousands, visible } from "../../app/kit/shapes.js";

const percent = (x) => `${num(100 * x, 1)} %`;
export const span = (one) => `${percent(one.mean)} (${num(100 * one.low, 0)} to ${num(100 * one.high, 0)})`;
const bytesOf = (n) => (n >= 1e6 ? `${num(n / 1e6, 2)} MB` : `${num(n / 1e3, 0)} kB`);
const saidOf = (one) => (one.says === undefined ? one.why : `${one.says}  ${one.guess ? "a guess" : num(one.probability, 2)}`);

/** Lines of prose from y on; returns the y below them. */
export function prose(g, key, box, lines, o = {}) {
  const size = o.size ?? 13;
  const set = lines.flatMap((line, i) => inLines(line, box.w, size).map((words, k) => ({ words, gap: i && !k ? 6 : 0 })));
  let y = box.y;
  const at = set.map(({ words, gap }) => ({ words, y: (y += size + 5 + gap) }));
  g.part(key, [box, lines], () => at.map(({ words, y }) => label(box.x, y, words, { size, fill: o.fill ?? "ink" })));
  return y + 8;
}

/** Place, numbers learned, file, what is right, and the verdict on the text; the chosen row is marked. */
export function ladder(g, study, box, pick) {
  const way = study.series.find((one) => one.key === study.asked) ?? study.series[0];
  const columns = study.key === "examples"
    ? [[0, study.short], [0.2, `right, ${way.name}`], [0.58, "says of your text"]]
    : [[0, study.short], [0.13, "numbers"], [0.28, "file"], [0.41, "right"], [0.72, "says of your text"]];
  const pitch = 24;
  g.part("ladder", [box, study.chosen], () => {
    const out = columns.map(([share, head]) => label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 }));
    way.points.forEach((p, k) => {
      const y = box.y + 16 + k * pitch;
      const judged = study.judged.find((one) => one.at === p.at) ?? { why: "" };
      const cells = study.key === "examples" ? [thousands(p.at), span(p), saidOf(judged)]
        : [thousands(p.at), thousands(p.trained), bytesOf(p.bytes), span(p), saidOf(judged)];
      const row = h("g", { class: "gb-hot", "data-row": p.at, onclick: () => pick(p.at) },
        h("rect", { x: box.x - 4, y, width: box.w + 4, height: pitch - 2, rx: 4, fill: p.at === study.chosen ? css("accent-soft") : "transparent" }),
        cells.map((text, i) => label(box.x + box.w * columns[i][0], y + 15, fit(text, box.w * ((columns[i + 1]?.[0] ?? 1) - columns[i][0]) - 4, 12), { mono: true, fill: "ink", weight: i ? null : 600 })));
      out.push(g.tip(row, `${study.short} ${thousands(p.at)}: ${span(p)} right, by seed ${p.shares.map(percent).join(", ")}\n${thousands(p.trained)} numbers, a file of ${thousands(p.bytes)} bytes\nyour text: ${judged.says === undefined ? judged.why : `${judged.says}, ${judged.guess ? "a guess: unlike the news it learned from" : num(judged.probability, 4)}`}`));
    });
    return out;
  });
  return box.y + 16 + way.points.length * pitch + 4;
}

/** Each vector of the chosen prompt: the token that it began as, and what is nearest to it now. */
export function vectorRows(g, near, box) {
  const pitch = 22;
  g.part("near", [box], () => {
    const out = [[0, "vector"], [0.12, "began as"], [0.36, "nearest now, with the cosine"]].map(([share, head]) => label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 }));
    near.forEach((one, k) => {
      const y = box.y + 30 + k * pitch;
      const now = one.now.map(([token, cosine]) => `${visible(token)} ${num(cosine, 2)}`).join("   ");
      out.push(label(box.x, y, String(k), { mono: true, fill: "ink3" }), label(box.x + box.w * 0.12, y, fit(visible(one.began), box.w * 0.22, 12), { mono: true, fill: "ink2" }),
        label(box.x + box.w * 0.36, y, fit(now, box.w * 0.64, 12), { mono: true, fill: "ink" }));
    });
    return out;
  });
  return box.y + 30 + near.length * pitch;
}
