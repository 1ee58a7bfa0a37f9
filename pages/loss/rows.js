// The text, a row a token: what the model gave it, and what that costs.

import { say } from "../../app/kit/say.js";
import { MONO, clamp, css, fit, h, label, num, tokenSpans, visible } from "../../app/kit/shapes.js";
import { chance, draggedOf, followed, lossOf, lossText, stepOf } from "./layout.js";

/** @import { Draw } from "./figure.js" */

/** @type {Draw} */
export function drawRows(g, data, local, at) {
  const p = at.rows;
  const step = stepOf(local);
  const now = followed(data, local);
  const given = draggedOf(data, local);
  const names = Math.min(112, p.w * 0.36);
  const bar = p.x + names + 62;
  const room = p.w - names - 62 - 50;
  const losses = data.scored.map((one, i) => lossOf(data, one, i === now ? given : null));
  const most = Math.max(...losses, ...data.scored.map((one) => one.surprise), 1);
  local.most = most;
  g.door(
    "tokenization",
    { left: p.x - 2, top: p.y - 2 },
    data.heading,
    say("How the text was cut into tokens"),
  );
  g.part("row heads", null, () => [
    label(p.x + 2, p.y + p.head, say("right token"), { fill: "ink3" }),
    label(bar - 8, p.y + p.head, "p", { anchor: "end", fill: "ink3" }),
    label(p.x + p.w, p.y + p.head, data.unit, { anchor: "end", fill: "ink3" }),
    label(bar, p.y + p.head, fit(say("its loss"), room, 12, false), { fill: "ink3" }),
  ]);
  g.part("rows", [now, given, step], () =>
    data.scored.map((one, i) => {
      const top = p.top + i * p.pitch;
      const mid = top + p.pitch / 2;
      const chosen = i === now;
      const shown = step >= 5 || (step === 4 && chosen);
      const probable = step >= 3 && (shown || chosen);
      const value = chosen && given !== null ? given : Math.exp(-one.surprise);
      const tall = clamp(p.pitch - 12, 4, 12);
      const row = h(
        "g",
        { class: "gb-hot", "data-row": i },
        h("rect", {
          x: p.x,
          y: top,
          width: p.w,
          height: p.pitch,
          rx: 4,
          fill: chosen ? css("accent-soft") : "transparent",
        }),
        h(
          "text",
          {
            x: p.x + 6,
            y: mid + 4,
            "font-family": MONO,
            "font-size": p.pitch < 15 ? 12 : 13,
            direction: "ltr",
            fill: css(chosen ? "accent" : "ink"),
            "font-weight": chosen ? 700 : null,
          },
          tokenSpans(one.text, names - 12, p.pitch < 15 ? 12 : 13),
        ),
        probable &&
          label(bar - 8, mid + 4, value < 0.0005 ? "<.001" : num(value, 3), {
            anchor: "end",
            mono: true,
            fill: chosen ? "accent" : "ink2",
          }),
        shown &&
          h("rect", {
            x: bar,
            y: mid - tall / 2,
            width: Math.max(1.5, (room * losses[i]) / most),
            height: tall,
            rx: 2,
            fill: css(chosen ? "accent" : "res"),
            opacity: chosen ? 1 : 0.8,
          }),
        shown &&
          data.smoothing > 0 &&
          h("path", {
            d: `M${bar + (room * (chosen && given !== null ? -Math.log(given) : one.surprise)) / most},${mid - tall / 2 - 2}v${tall + 4}`,
            stroke: css("ink"),
            "stroke-width": 1.5,
          }),
        shown &&
          label(p.x + p.w - 4, mid + 4, lossText(data, losses[i]), {
            anchor: "end",
            mono: true,
            fill: chosen ? "accent" : "ink2",
            weight: chosen ? 700 : null,
          }),
      );
      return g.tip(
        row,
        `${visible(one.text)}  id ${one.id}\np ${chance(Math.exp(-one.surprise))}: ${num(one.surprise, 3)} nats, ${num(one.surprise / Math.LN2, 3)} bits${data.smoothing ? `\n${say("smoothed {loss} nats", { loss: num(lossOf(data, one), 3) })}` : ""}`,
      );
    }),
  );
  g.part("row foot", [step, given, now], () => {
    const y = p.bottom + 8;
    if (!data.scored.length || step < 5) return [];
    const sum = losses.reduce((a, b) => a + b, 0);
    return [
      h("path", { d: `M${p.x},${y - 3}h${p.w}`, stroke: css("ink3") }),
      label(
        p.x + 6,
        y + 13,
        fit(
          say("mean: {sum} ÷ {count}", { sum: lossText(data, sum), count: data.scored.length }),
          p.w - 60,
          12,
          false,
        ),
        { weight: 600, fill: "ink" },
      ),
      label(p.x + p.w - 4, y + 13, lossText(data, sum / losses.length, 3), {
        anchor: "end",
        mono: true,
        weight: 700,
        fill: "ink",
      }),
      data.smoothing > 0 && label(p.x + 6, y + 30, say("line: without smoothing"), { fill: "ink3" }),
    ];
  });
}
