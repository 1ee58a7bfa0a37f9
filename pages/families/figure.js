// One text through three shapes, side by side. layout.js says what stands where; grids.js draws who sees whom and what is
// asked, strips.js what is written.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { drawAsked, drawGrid, drawHead } from "./grids.js";
import { ASKED, drafted, inView, plan, speaks, steps, tokenOf } from "./layout.js";
import { crossingOf, drawReader, drawStrip, readerOf, strokeOf } from "./strips.js";
import { nearestOf } from "./vectors.js";

function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const under = (event) => {
    const set = event.target.closest?.("[data-token], [data-stroke]")?.dataset ?? {};
    return { token: set.token === undefined ? null : Number(set.token), stroke: set.stroke === undefined ? null : { lane: set.lane, at: Number(set.stroke) } };
  };
  const turn = ({ token, stroke }) => {
    if (token === (local.hover ?? null) && JSON.stringify(stroke) === JSON.stringify(local.stroke ?? null)) return;
    [local.hover, local.stroke] = [token, stroke];
    g.redraw();
  };
  g.svg.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") turn(under(event)); });
  g.svg.addEventListener("pointerleave", () => turn({ token: null, stroke: null }));
  g.svg.addEventListener("click", (event) => {
    const { token } = under(event);
    if (token !== null) follow(g, local, token);
  });
}
function follow(g, local, token) {
  local.hover = null;
  g.select({ follow: token });
}

const familiesView = {
  keys: [["↑ ↓", "choose the token that is asked for"], ["← →", "one step back or on; also , and ."], ["Space", "play and pause"], ["Esc", "up, to the whole picture"]],

  init(data, local, before) {
    for (const lane of data.lanes) {
      for (const map of Object.values(lane.maps)) map.cells = unpack(map.packed);
      if (lane.writing?.crossing) lane.writing.cells = unpack(lane.writing.crossing);
      for (const name of lane.vectors ? ["tokens", "text", "alike"] : []) lane.vectors[name] = unpack(lane.vectors[name]);
    }
    return before && before.stamp === data.stamp ? {} : { hover: null, stroke: null };
  },

  draw(g, data, local) {
    listen(g, local);
    steps.bar(g, local);
    const at = plan(g, data, local);
    const [token, step] = [tokenOf(data, local), steps.of(local)];
    g.height = at.height;
    at.lanes.forEach((place, i) => {
      g.part(`head ${i}`, null, () => drawHead(data, place));
      g.part(`grid ${i}`, [token, Math.min(step, ASKED)], () => drawGrid(g, data, local, place, token));
      g.part(`asked ${i}`, [token, Math.min(step, ASKED)], () => drawAsked(g, data, local, place, token));
      g.part(`strip ${i}`, [step, local.stroke, local.sel.crossing, place.lane.vectors && token], () => drawStrip(g, data, local, place));
      drawReader(g, local, place);
    });
  },

  key(event, g, data, local) {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (move) follow(g, local, clamp(tokenOf(data, local) + move, 0, data.tokens.length - 1));
    else if (steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!steps.halt(g, local) && !steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const token = tokenOf(data, local);
    const said = data.lanes.map((lane) => {
      const found = speaks(lane, token);
      const asked = found && lane.asked[found.at];
      const says = asked ? ` It says ${asked.top.map((one) => `${visible(one.text)} ${num(one.p, 3)}`).join(", ")}.` : "";
      const swap = found && lane.swap?.at === found.at + 1 ? ` With ${visible(lane.swap.new)} behind it, the guess moves by ${num(lane.swap.moved, 3)}.` : "";
      const near = found && lane.vectors ? ` It predicts nothing; its vector lies nearest to those of ${nearestOf(lane, found.at).map((one) => `${visible(one.text)} ${num(one.p, 3)}`).join(", ")}.` : "";
      const turn = found && lane.vectors?.turn?.at === found.at + 1 ? ` With ${visible(lane.vectors.turn.new)} behind it, the vector turns to cosine ${num(lane.vectors.turn.cosine, 3)}.` : "";
      const wrote = lane.writing ? ` Written: ${lane.writing.strokes.slice(0, drafted(local)).map((one) => visible(one.text)).join(" ") || "nothing yet"}.` : "";
      return `${lane.title}, ${lane.shape}${lane.model ? `, ${lane.model}` : ""}: ${lane.notes.map((note) => `${note} `).join("")}${inView(data, lane, token)}.${says}${swap}${near}${turn}${wrote}${lane.missing ? ` ${lane.missing}` : ""}`;
    });
    return `One text of ${counted(data.tokens.length, "token")} through three shapes; step ${steps.of(local) + 1}, ${steps.names[steps.of(local)]}. Asked for: ${visible(data.tokens[token])}. ${said.join(" ")}`;
  },

  state(data, local) {
    const token = tokenOf(data, local);
    return { tokens: data.tokens, token, hover: local.hover ?? null, ...steps.state(local), written: drafted(local), asks: data.asks,
      lanes: data.lanes.map((lane) => {
        const found = speaks(lane, token);
        return { shape: lane.shape, model: lane.model, own: lane.own, missing: Boolean(lane.missing), tokens: lane.tokens.map((one) => one.text), at: lane.at[token] ?? -1,
          row: found?.row ?? null, sees: found?.sees ?? [], view: inView(data, lane, token), maps: Object.fromEntries(Object.entries(lane.maps).map(([name, map]) => [name, map.cells.reduce((a, b) => a + b, 0)])),
          asked: (found && lane.asked[found.at]) ?? null, swap: lane.swap, notes: lane.notes,
          vectors: lane.vectors && { text: Array.from(lane.vectors.text.slice(0, 8), (v) => Number(v.toFixed(5))), dims: lane.vectors.tokens.shape[1], turn: lane.vectors.turn, nearest: found ? nearestOf(lane, found.at).map((one) => ({ at: one.at, cosine: one.p })) : [] },
          writes: (lane.writing?.strokes ?? []).slice(0, drafted(local)).map((one) => one.id), ended: lane.writing?.ended ?? false,
          stroke: strokeOf(lane, local), reader: lane.writing?.readers?.[readerOf(lane, local)] ?? null, reads: Array.from(crossingOf(lane, local) ?? [], (v) => Number(v.toFixed(5))) };
      }) };
  },
};

export default mount("families", familiesView);
