// One token's residual stream as a ledger (ledger.js), and the norm at the chosen line taken apart (norm.js).

import { mount, pointerAt } from "../../app/kit/glass.js";
import { clamp, css, h, num, unpack, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { LINE, NORM_STEPS, chosenOf, kindOf, numberOf, placeOf, plan, stepNow, written } from "./layout.js";
import { drawCard, drawHeads, drawLedger, drawRail, reveal, scrollTo, tiny } from "./ledger.js";
import { drawNorm, titleOf } from "./norm.js";

const ARRAYS = ["vectors", "sums", "final"];

const normResidual = {
  keys: [["↑ ↓", "choose a line"], ["← →", "choose a number"], ["Shift + ← →", "one step back or on; also , and ."], ["[ ]", "the token before or after"], ["Space", "play and pause"], ["Esc", "up, to the whole picture"]],

  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const a = Object.fromEntries(ARRAYS.map((name) => [name, unpack(data[name])]));
    const opened = new Map();
    /** The numbers of a place under one kind of norm, unpacked when they are first asked for. */
    const p = (place, kind) => {
      const key = `${place.name} ${kind}`;
      if (!opened.has(key)) {
        const s = place[kind];
        opened.set(key, Object.fromEntries(Object.entries({ x: place.x, gain: place.gain, bias: place.bias, centred: s.centred, normalised: s.normalised, output: s.output }).map(([name, packed]) => [name, packed && unpack(packed)])));
      }
      return opened.get(key);
    };
    const names = [...data.lines.map((one) => one.name), ...NORM_STEPS, "The whole picture"];
    const same = local.names?.join() === names.join();
    return { a, p, cols: a.final.length, names, along: data.along, steps: same ? local.steps : stepMode("written", names) };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = (local.at = plan(g, data));
    reveal(data, local, at);
    g.height = at.height;
    local.steps.bar(g, local);
    drawRail(g, data, local, at);
    drawHeads(g, data, at);
    drawLedger(g, data, local, at);
    drawCard(g, data, local, at);
    drawNorm(g, data, local, at);
    drawDoors(g, data, local, at);
    if (!at.phone) g.part("rule", [at.height], () => h("path", { d: `M${at.norm.x - 16},0V${at.height - 6}`, stroke: css("line") }));
  },

  key(event, g, data, local) {
    const [n, chosen, number] = [data.lines.length, chosenOf(data, local), numberOf(data, local)];
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) choose(g, data, clamp(chosen + move, 0, n));
    else if (side && !event.shiftKey) g.select({ number: clamp(number + side, 0, local.cols - 1) });
    else if (event.key === "[" || event.key === "]") follow(g, data, data.row + (event.key === "[" ? -1 : 1));
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!local.steps.halt(g, local) && !local.steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const s = normResidual.state(data, local);
    const lines = data.lines.map((one) => `${one.name} ${num(one.norm, 2)} long, cosine ${num(one.cosine, 2)}`).slice(0, 40).join("; ");
    const step = stepNow(local) < local.steps.last ? `Step ${stepNow(local) + 1}, ${local.steps.names[stepNow(local)]}. ` : "";
    const norm = s.norm.kind ? `${titleOf(data, placeOf(data, chosenOf(data, local)), s.norm.kind)}: ${s.norm.mean === null ? "no mean taken off" : `mean ${num(s.norm.mean, 3)}`}, divided by ${num(s.norm.scale, 3)}.` : "No norm stands there.";
    return `${step}The ledger of ${visible(data.tokens[data.row].text)}: ${lines}. They add up to ${num(data.length, 2)}, off by ${tiny(data.error)} of it. Chosen: ${s.line}. ${norm}`;
  },

  state(data, local) {
    const chosen = chosenOf(data, local);
    const place = placeOf(data, chosen);
    const kind = kindOf(data, place);
    const i = numberOf(data, local);
    const q = kind && local.p(place, kind);
    const value = (name) => (q?.[name] ? q[name][i] : null);
    return {
      tokens: data.tokens.map((token) => token.text), row: data.row, stage: local.steps.state(local), written: written(data, local), line: chosen < data.lines.length ? data.lines[chosen].name : "sum",
      lines: data.lines.map(({ name, norm, cosine, running, logit }) => ({ name, norm, cosine, running, logit })), length: data.length, error: data.error,
      top: data.top, rest: data.rest, direct: data.direct, up: chosen < data.lines.length ? data.lines[chosen].up : [],
      norm: { name: place.name, own: place.own, kind, eps: place.eps, mean: kind ? place[kind].mean : null, scale: kind ? place[kind].scale : null, alike: place.alike, number: i, x: value("x"), centred: value("centred"), normalised: value("normalised"), output: value("output") },
    };
  },
};

/** Make a line (or, past the last, the sum) the chosen one: out of step mode, as the whole ledger is in view then. */
function choose(g, data, at) {
  const one = data.lines[at];
  const change = one ? { line: LINE[one.part], ...(one.layer === null ? {} : { block: one.layer }) } : { line: "sum" };
  g.select({ ...change, written: -1 });
}
function follow(g, data, to) {
  const at = clamp(to, 0, data.tokens.length - 1);
  if (at !== data.row) g.select({ follow: at === data.tokens.length - 1 ? -1 : at });
}

function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-line], [data-token]");
    if (!hit) return;
    if (hit.dataset.token !== undefined) follow(g, g.data, Number(hit.dataset.token));
    else choose(g, g.data, Number(hit.dataset.line));
  });
  const over = (y) => local.at.hint && y > local.at.top && y < local.at.top + local.at.rows * local.at.pitch;
  g.svg.addEventListener("wheel", (event) => {
    const [x, y] = pointerAt(g, event);
    if (over(y) && x > local.at.x && x < local.at.x + local.at.w && scrollTo(g, local, local.first + Math.sign(event.deltaY) * 2)) event.preventDefault();
  }, { passive: false });
  let from = null; // a finger, and the line that was at the top when it came
  g.svg.addEventListener("touchstart", (event) => { from = over(pointerAt(g, event.touches[0])[1]) ? [event.touches[0].clientY, local.first] : null; }, { passive: true });
  g.svg.addEventListener("touchmove", (event) => {
    if (from && scrollTo(g, local, from[1] + Math.round((from[0] - event.touches[0].clientY) / local.at.pitch))) event.preventDefault();
  }, { passive: false });
}

/** Ways on: to the part that wrote the chosen line, to training without these two, and back to the machine. */
function drawDoors(g, data, local, at) {
  const one = data.lines[chosenOf(data, local)];
  const part = one?.part === "mlp" ? ["feed_forward", `L${one.layer} MLP`] : ["attention", `L${one?.layer ?? local.sel.block} attention`];
  const y = at.height - (at.phone ? 34 : 24);
  const x = at.phone ? -2 : at.card.x + 14;
  g.door(part[0], { left: x, top: y }, part[1], "The part that wrote this line");
  g.door("break_it", { left: x + 120, top: y }, "Without them", "Training without norms or residuals");
  g.door("home", { left: x + 240, top: y }, "Home", "The whole machine");
}

export default mount("norm_residual", normResidual);
