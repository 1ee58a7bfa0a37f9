// The whole model: what it costs, beside the original; what it says of the open text, token by token; how fast it is.

import { counted } from "../../app/kit/counts.js";
import { MONO, css, fit, h, label, num, thousands, tokenSpans, visible } from "../../app/kit/shapes.js";
import { timeOf } from "../../app/kit/units.js";
import { bytesOf, percent, title } from "./layout.js";

export function drawCosts(g, data, local, at) {
  const { x, y, w } = at.costs;
  const [was, now] = [data.original, data.now];
  const cols = [x + w * 0.32, x + w * 0.55, x + w];
  g.part("costs", null, () => {
    const row = (k, name, before, after, tip) => {
      const top = y + 31 + 18 * k;
      const node = h("g", {},
        h("rect", { x, y: top - 13, width: w, height: 18, fill: "transparent" }),
        label(x, top, name, { fill: "ink2" }),
        label(cols[1] - 8, top, before, { mono: true, anchor: "end", fill: "ink2" }),
        label(cols[2], top, fit(after, cols[2] - cols[1] - 4, 12, true), { mono: true, anchor: "end", fill: "ink" }));
      return tip ? g.tip(node, tip) : node;
    };
    const p = data.passes;
    const wait = "…";
    const stay = p && p.agreement !== null ? `: ${percent(p.agreement)} of the first choices stay` : "";
    return [
      title(x, y + 12, "What it costs", null),
      label(cols[1] - 8, y + 12, data.came ? `as it came, ${data.came.kind}` : "original, float32", { anchor: "end", fill: "ink3" }),
      label(cols[2], y + 12, fit(data.setting.bits === 16 ? "16 bits" : `${data.setting.bits} bits${data.setting.method === "gptq" ? ", GPTQ" : ""}`, 150, 12, false), { anchor: "end", fill: "accent", weight: 600 }),
      row(0, data.came ? "file, as float32" : "file", bytesOf(was.bytes), now ? `${bytesOf(now.bytes)}  ÷ ${num(was.bytes / now.bytes, 1)}` : wait, now && `${thousands(now.bytes)} bytes of ${thousands(was.bytes)}; ${num(data.bitsEach, 2)} bits a weight in the blocks, with their scales`),
      row(1, `loss, ${counted(was.places, "token")} held out`, num(was.loss, 3), now ? `${num(now.loss, 3)}  ${now.rise < 0 ? "−" : "+"}${num(Math.abs(now.rise), 3)}` : wait, now && `nats a token, over ${was.over}; the recorded runs below rest on more texts, so the original’s loss differs a little there; the difference lies between ${num(now.riseLow, 4)} and ${num(now.riseHigh, 4)} (95 %)`),
      row(2, "first choice kept", "100 %", now ? `${percent(now.agreement)}  ${percent(now.low)} to ${percent(now.high)}` : wait, now && `of ${counted(now.places, "place")}, with Wilson’s 95 % interval; the distribution moved by ${num(now.kl, 4)} nats (KL)`),
      row(3, "pass, widened", p ? timeOf(p.float32) : "not timed", p ? "the same: float32" : "", "the codes are turned back into float32 before each product: storage only"),
      row(4, "pass, int8 products", p ? timeOf(p.float32) : "not timed", !p ? "" : p.int8 === null ? `not here: ${p.why}` : `${timeOf(p.int8)}  ${p.high < 1 ? "saves" : p.low > 1 ? "costs" : "no clear gain"}`, p && (p.int8 === null ? `not here: ${p.why}` : `${counted(p.tokens, "token")}; turn by turn int8 takes ${num(p.low, 2)} to ${num(p.high, 2)} of float32’s time (the middle half of the rounds); weights of 8 bits a row and what they read rounded to int8, too${stay}`)),
      label(x, y + 31 + 18 * 5, fit(data.setting.bits === 16 ? "Every weight, norm and bias is a float16." : "Tables and head: 8 bits, a scale a row. Norms, biases: float16.", w, 12, false), { fill: "ink3" }),
    ].flat(3);
  });
}

/** Every row of the logits: the token read, what both models find likeliest after it. */
export function drawAnswers(g, data, local, at) {
  const box = at.answers;
  const count = Math.max(1, data.tokens.length);
  const cols = Math.max(1, Math.min(count, Math.floor(box.w / (at.phone ? 104 : 92))));
  const each = box.w / cols;
  const changed = data.answers.filter((one) => !one.same).length;
  const pitch = 58;
  const lines = Math.ceil(count / cols);
  const what = data.encoder ? "the likeliest token at each place" : "the likeliest next token";
  g.part("answers", [local.sel.stage], () => [
    title(box.x, box.y + 12, data.answers.length ? `Your text: ${changed} of ${data.answers.length} first choices change` : "Your text", `${what}, in the original and below it in few bits`, box.w),
    data.tokens.map((token, k) => {
      const left = box.x + (k % cols) * each;
      const top = box.y + 33 + Math.floor(k / cols) * pitch;
      const one = data.answers[k];
      const wide = Math.min(each - 8, 128);
      const line = (y, text, p, ink, bold) => [
        h("rect", { x: left, y: y - 11, width: Math.max(1, wide * p), height: 14, rx: 2, fill: css(ink), opacity: 0.2 }),
        h("text", { x: left + 3, y, "font-family": MONO, "font-size": 12, fill: css("ink"), "font-weight": bold ? 700 : null, direction: "ltr" }, tokenSpans(text, wide - 34, 12)),
        label(left + wide, y, num(p, p < 0.01 ? 4 : 2), { mono: true, size: 11, anchor: "end", fill: "ink3" })];
      const node = h("g", { "data-token": k },
        h("rect", { x: left - 2, y: top - 12, width: each - 4, height: pitch - 6, fill: "transparent" }),
        h("text", { x: left, y: top, "font-family": MONO, "font-size": 12, fill: css(token.special ? "ink3" : "ink2"), direction: "ltr" }, tokenSpans(token.text, wide, 12)),
        one && line(top + 17, one.before, one.p, "res", false),
        one && line(top + 33, one.after, one.q, one.same ? "accent" : "neg", !one.same),
        one && !one.same && h("rect", { x: left - 2.5, y: top + 20.5, width: wide + 5, height: 17, rx: 3, fill: "none", stroke: css("neg"), "stroke-width": 1.5 }));
      return g.tip(node, () => (one ? `after ${visible(token.text)}\noriginal: ${visible(one.before)} ${num(one.p, 4)}\nfew bits: ${visible(one.after)} ${num(one.q, 4)}${one.same ? "" : `\n${visible(one.before)} has ${num(one.left, 4)} left`}` : visible(token.text)));
    }),
    !data.answers.length && label(box.x, box.y + 58, "The model is being compressed, block after block; the bar below the picture says how far it is.", { fill: "ink3" }),
  ].flat(9));
  return box.y + 28 + lines * pitch;
}
