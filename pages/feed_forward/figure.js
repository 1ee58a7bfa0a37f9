// Feed-forward: one token through the neurons of one block. layout.js says what stands where; rail.js, grids.js, bend.js,
// neuron.js and next.js draw it; stages.js tells it step by step.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { css, h, html, inLines, label, num, thousands, unpack, visible } from "../../app/kit/shapes.js";
import { drawBend } from "./bend.js";
import { beside, chosenOf, drawFlow, drawGrid, drawStrip, ghosts } from "./grids.js";
import { ACTIVATE, ADD, CONTRACT, EXPAND, READ, nameOf, percent, plan, stages } from "./layout.js";
import { byHand, drawSum, drawTexts, drawWrites, toggle } from "./neuron.js";
import { drawNext } from "./next.js";
import { drawTokens, follow, rowOf } from "./rail.js";
import { WORDS, firing, followed, writers } from "./stages.js";

const feedForward = {
  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const a = { pre: unpack(data.pre), post: unpack(data.post), usual: unpack(data.usual), shares: unpack(data.shares), linear: data.linear && unpack(data.linear) };
    for (const [name, strip] of Object.entries(data.strips)) a[name] = unpack(strip.values);
    Object.assign(a, { cx: unpack(data.curve.x), cy: unpack(data.curve.y) });
    if (data.curve.beside) Object.assign(a, { cb: unpack(data.curve.beside.y), beside: unpack(data.curve.beside.post) });
    const order = Array.from(a.shares, (_, n) => n).sort((m, n) => a.shares[n] - a.shares[m] || m - n);
    return { a, order, hover: null };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    const at = plan(g, data, local);
    g.height = at.height;
    stages.bar(g, local);
    if (!at.phone) g.part("to come", [step, at.w], () => ghosts(at, step));
    drawFlow(g, data, local, at, step);
    drawTokens(g, data, local, at);
    drawStrip(g, data, local, at.stream, "stream", "stream", { about: "the residual stream before the layer" });
    drawStrip(g, data, local, at.read, "read", "x", { about: data.late || data.norm === "no norm" ? "what the layer reads: the stream as it is" : `what the layer reads: the stream after ${data.norm}` });
    if (step >= EXPAND) drawGrid(g, data, local, at.pre, "pre", data.neurons === 1 ? "1 neuron" : `${counted(data.neurons, "neuron")}`, data.gated ? "x · W_gate, each" : "x · W_in, a cell each");
    if (step >= ACTIVATE) {
      drawBend(g, data, local, at.curve, step);
      drawGrid(g, data, local, at.post, "post", "What fires", step < CONTRACT ? `${thousands(firing(data))} sums above 0` : writers(data));
    }
    if (step >= CONTRACT) drawStrip(g, data, local, at.out, "out", "out", { about: "what the layer writes", frame: "mlp", ink: "mlp-ink" });
    if (step >= ADD) {
      drawStrip(g, data, local, at.after, "after", "stream", { about: `the stream behind the layer${data.late && data.norm !== "no norm" ? `, after ${data.norm}` : ""}` });
      drawNext(g, data, local, at);
    }
    if (step >= (at.phone ? EXPAND : READ)) g.part("line", [at.line], () => h("path", { d: `M0,${at.line}H${at.w}`, stroke: css("line") }));
    if (step < stages.last) g.part("step", [step, at.words], () => inLines(WORDS[step](data), at.words.w, 14).map((line, i) => label(at.words.x, at.words.y + 20 * i, line, { size: 14, fill: "ink" })));
    if (step >= EXPAND) g.part("sum", [at.sum], () => drawSum(g, data, at));
    if (step >= ACTIVATE) g.part("writes", [at.writes, step], () => drawWrites(g, data, at, step));
    if (step < ADD) return;
    g.part("texts", [at.texts], () => drawTexts(g, data, at));
    const width = 92;
    g.overlay("switch", { left: at.writes.x + at.writes.w - width, top: at.writes.y - 9, width }, () => html("button", {
      type: "button", class: "gb-button gb-small", "data-act": "switch", onclick: () => toggle(g, local.data, local, local.data.neuron.number),
    }), (node) => {
      local.data = data;
      const off = byHand(data, local, data.neuron.number);
      node.textContent = off ? "Switch on" : "Switch off";
      node.setAttribute("aria-pressed", String(off));
      node.title = `${nameOf(data, data.neuron.number)}, at every token of the text`;
    });
  },

  key(event, g, data, local) {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (move) follow(g, data, rowOf(data, local) + move);
    else if (stages.key(event, g, local)) return true;
    else if (event.key === "+" || event.key === "=") g.select({ neuron: beside(data, local, -1) });
    else if (event.key === "-") g.select({ neuron: beside(data, local, 1) });
    else if (event.key === "o") toggle(g, data, local, chosenOf(data, local));
    else if (event.key === "Escape") {
      if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    const one = data.neuron;
    const told = step < stages.last ? `Step ${step + 1}, ${stages.names[step]}: ${WORDS[step](data)} ` : "";
    const text = data.rows.slice(0, 24).map((row) => visible(row.text)).join(" ");
    const off = data.off.length ? ` ${counted(data.off.length, "neuron")} are off.` : "";
    return `${told}The text ${text}${data.rows.length > 24 ? " …" : ""}. Block ${data.block}${data.stack ? ` of the ${data.stack}` : ""} at ${followed(data)}: ${counted(data.width, "number")} become ${counted(data.neurons, "neuron")}, ${thousands(firing(data))} of them fire, ${writers(data)}. ` +
      `Neuron ${nameOf(data, one.number)}: before the bend ${num(one.pre, 3)}, behind it ${num(one.post, 3)}, ${percent(one.share, 1)} of what is written.` +
      `${data.says.up.length ? ` It pushes ${data.says.up.slice(0, 3).map((t) => visible(t.text)).join(", ")} up.` : ""}${off} ` +
      `${data.next.label}${data.next.after ? ` after ${visible(data.next.after)}` : ""}${data.next.tokens.length ? ": " : ""}${data.next.tokens.slice(0, 3).map((t) => `${visible(t.text)} ${num(t.after, 3)}${data.next.changed ? `, was ${num(t.before, 3)}` : ""}`).join("; ")}.`;
  },

  state(data, local) {
    const one = data.neuron;
    return {
      tokens: data.rows.map((row) => row.text), block: data.block, stack: data.stack, row: data.row, neurons: data.neurons, act: data.act,
      fires: data.fires, needed: data.needed, most: data.most.slice(0, 20), off: data.off.length > 40 ? data.off.length : data.off, stage: stages.state(local),
      neuron: { number: one.number, rank: one.rank, pre: one.pre, linear: one.linear, post: one.post, now: one.now, length: one.length, share: one.share, bias: one.bias, terms: one.terms, rest: one.rest, along: one.along },
      pre: [...local.a.pre.subarray(0, 8)], post: [...local.a.post.subarray(0, 8)], out: [...local.a.out.subarray(0, 8)], after: [...local.a.after.subarray(0, 8)],
      beside: data.curve.beside && { name: data.curve.beside.name, dot: data.curve.beside.dot }, says: { up: data.says.up.map((t) => t.text), down: data.says.down.map((t) => t.text) },
      windows: data.windows.length, about: data.about, next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })), changed: data.next.changed, hover: local.hover,
    };
  },
};

export default mount("feed_forward", feedForward);
