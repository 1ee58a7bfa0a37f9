// The foot: what the whole model predicts, with and without the heads that are off; and the switches.

import { MONO, css, fit, h, html, label, measure, num, shareBar, tokenSpans, visible } from "../../app/kit/shapes.js";
import { blockOf, headOf, nameOf } from "./layout.js";

/** The heads that are off, as "block.head", read from the link's text (off.py): "3.2 1.*", or "*" for all of them. */
export function offSet(data, local) {
  const out = new Set();
  const all = (n) => Array.from({ length: n }, (_, i) => i);
  for (const part of String(local.sel.off ?? "").split(" ")) {
    const read = /^([ce]?)(?:(\*)|(\d+)\.(?:(\*)|(\d+)))$/.exec(part);
    if (!read || read[1] !== data.mark) continue;
    for (const l of read[2] ? all(data.blocks) : [Number(read[3])]) {
      for (const i of read[2] || read[4] ? all(data.heads) : [Number(read[5])]) if (l < data.blocks && i < data.heads) out.add(`${l}.${i}`);
    }
  }
  return out;
}
function setOff(g, data, local, names) {
  const parts = [];
  for (let l = 0; l < data.blocks; l++) {
    const line = Array.from({ length: data.heads }, (_, i) => `${l}.${i}`).filter((name) => names.has(name));
    parts.push(...(line.length === data.heads ? [`${l}.*`] : line).map((name) => data.mark + name));
  }
  g.select({ off: names.size === data.blocks * data.heads ? `${data.mark}*` : parts.join(" ") });
}
/** Switches a group of heads off, or on again where all of it is off already. */
export function toggle(g, data, local, names) {
  const off = offSet(data, local);
  const on = names.every((name) => off.has(name));
  for (const name of names) if (on) off.delete(name); else off.add(name);
  setOff(g, data, local, off);
}
export function groups(data, local) {
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  const row = (l) => Array.from({ length: data.heads }, (_, i) => `${l}.${i}`);
  return [
    { key: "head", text: nameOf(block, head), names: [`${block}.${head}`] },
    { key: "block", text: `Block ${block}`, names: row(block) },
    { key: "all", text: "All", names: Array.from({ length: data.blocks }, (_, l) => row(l)).flat() },
  ];
}

export function drawFoot(g, data, local, at) {
  const wide = !at.phone;
  const y = at.foot;
  const { tokens, label: name, changed } = data.next;
  const after = data.next.after ? ` ${fit(visible(data.next.after), 90, 12)}` : "";
  if (!tokens.length) g.part("unsaid", [name], () => label(0, y + 25, name, { fill: "ink2" }));
  else g.door("decoding", { left: -2, top: y + 9 }, name + after, "From probabilities to text: greedy, beam, sampling");
  const lead = wide ? 1.07 * measure(name + after, 12, false) + 42 : 0;
  const buttons = wide ? 316 : 0;
  const n = wide ? Math.max(1, Math.min(tokens.length, Math.floor((g.width - lead - buttons) / (changed ? 146 : 112)))) : 4;
  const per = wide ? Math.min(190, (g.width - lead - buttons) / n) : g.width / 2;
  g.part("next", [data.next], () => [h("path", { d: `M0,${y}H${g.width}`, stroke: css("line") }), tokens.slice(0, n).map((t, i) => {
    const x = wide ? lead + i * per : (i % 2) * per;
    const base = wide ? y + 7 : y + 38 + 28 * Math.floor(i / 2);
    const numbers = changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3);
    const bar = per - 14;
    return [
      h("text", { x, y: base + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" }, tokenSpans(t.text, per - measure(numbers, 12, true) - 22)),
      label(x + bar, base + 14, numbers, { anchor: "end", mono: true, fill: changed && t.after !== t.before ? "accent" : "ink2" }),
      h("rect", { x, y: base + 20, width: bar, height: 4, rx: 2, fill: css("field") }),
      changed && shareBar(x, base + 20, bar, 4, t.before, { fill: css("res"), opacity: 0.55 }),
      shareBar(x, base + (changed ? 21 : 20), bar, changed ? 2 : 4, t.after, { fill: css(changed ? "accent" : "res") }),
    ];
  })]);
  const box = wide ? { left: g.width - 306, top: y + 8, width: 306, height: 30 } : { left: 0, top: y + 100, width: g.width };
  g.overlay("switches", box, () => switches(g, local), (node) => {
    const off = offSet(data, local);
    groups(data, local).forEach(({ text, names, key }) => {
      const button = node.querySelector(`[data-off=${key}]`);
      const all = names.every((part) => off.has(part));
      button.textContent = text;
      button.setAttribute("aria-pressed", String(all));
      button.setAttribute("aria-label", `Switch ${text} off`);
    });
    node.querySelector("[data-off=none]").disabled = off.size === 0 && local.sel.instead !== "mean";
  });
}
function switches(g, local) {
  const press = (key) => () => {
    const group = groups(g.data, local).find((one) => one.key === key);
    if (group) toggle(g, g.data, local, group.names);
    else g.select({ off: "", instead: "zero" });
  };
  return html("div", { class: "mh-switches", role: "group", "aria-label": "Heads that are off" }, html("span", {}, "Switch off"),
    ["head", "block", "all"].map((key) => html("button", { type: "button", class: "gb-button mh-small", "data-off": key, onclick: press(key) })),
    html("button", { type: "button", class: "gb-button mh-small", "data-off": "none", onclick: press("none") }, "Reset"));
}
