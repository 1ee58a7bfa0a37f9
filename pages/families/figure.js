// One text through three shapes, side by side. layout.js says what stands where, and what each may look at; lanes.js draws
// one of the three.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { entryKey } from "../../app/kit/steps.js";
import {
  crossingOf,
  drawAsked,
  drawGrid,
  drawHead,
  drawReader,
  drawStrip,
  nearestOf,
  readerOf,
  strokeOf,
} from "./lanes.js";
import { ASKED, SHAPE, caption, drafted, inView, plan, speaks, steps, tokenOf } from "./layout.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 */

/** @param {Stage} g @param {Kept} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const under = (/** @type {MouseEvent} */ event) => {
    const found =
      event.target instanceof Element ? event.target.closest("[data-token], [data-stroke]") : null;
    const set = found instanceof SVGElement ? found.dataset : {};
    return {
      token: set.token === undefined ? null : Number(set.token),
      stroke: set.stroke === undefined ? null : { lane: String(set.lane), at: Number(set.stroke) },
    };
  };
  const turn = (/** @type {ReturnType<typeof under>} */ { token, stroke }) => {
    if (token === (local.hover ?? null) && JSON.stringify(stroke) === JSON.stringify(local.stroke ?? null))
      return;
    [local.hover, local.stroke] = [token, stroke];
    g.redraw();
  };
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") turn(under(event));
  });
  g.svg.addEventListener("pointerleave", () => turn({ token: null, stroke: null }));
  g.svg.addEventListener("click", (event) => {
    const { token } = under(event);
    if (token !== null) follow(g, local, token);
  });
}
/** @param {Stage} g @param {Kept} local @param {number} token */
function follow(g, local, token) {
  local.hover = null;
  g.select({ follow: token });
}

/**
 * A token; of an untrained lane it has no id. `p`: its probability (or its cosine), `place`: among all that might come.
 * @typedef {{text: string, id?: number, special?: boolean, hidden?: boolean}} Token
 * @typedef {Token & {p: number, place?: number}} Guess
 *
 * A mask: 1 where a row may look at a column. `cells`: unpacked here.
 * @typedef {{rows: number, cols: number, packed: Packed<"u8">, cells: Unpacked<"u8">}} Mask
 *
 * What a model wrote, token by token, after what it read; `crossing` (reader, written token, token read): an
 * encoder-decoder's cross-attention, of all heads and of each.
 * @typedef {{read: Token[], strokes: (Guess & {top: Guess[]})[], ended: boolean, readers?: string[], crossing?: Packed,
 *   cells: Unpacked}} Writing
 *
 * Of a model without a head: a vector for each token (token, number), all cosines between them, the text's vector and how
 * it is made; `turn`: with another token in the place of `at`.
 * @typedef {{tokens: Unpacked, text: Unpacked, alike: Unpacked, how: string,
 *   turn: {at: number, old: string, new: string, cosine: number} | null}} Vectors
 *
 * One model on the text, or (`missing` says why) the masks of an untrained one. `at`: for each token of the open model its
 * token here, `back`: the reverse; -1: none. `sign`: what hides the token asked for, `start`: what a decoder begins with.
 * `asked`: by token, the likeliest there and the text's own. `swap`: what another token in the place of `at` does.
 * @typedef {{shape: "decoder" | "encoder" | "encoder-decoder", title: string, trained: string, model: string, own: boolean,
 *   missing: string, notes: string[], tokens: Token[], at: number[], back: number[], sign: Token, start: Token,
 *   maps: Record<string, Mask>, asked: Record<number, {truth: number, right: number, place: number, top: Guess[]}>,
 *   swap: {at: number, old: string, new: string, moved: number} | null, writing: Writing | null, vectors: Vectors | null}} Lane
 *
 * What figure.py sends. `tokens` as the open model cuts the text, `start`: the one that is followed when none is chosen,
 * `asks`: what an encoder-decoder is asked to write, `fixed`: whether the rest is about the followed token alone.
 * @typedef {{stamp: string, tokens: string[], start: number, fixed: boolean, asks: "gap" | "translate" | "summarize" | "sentiment",
 *   lanes: Lane[]}} Data
 *
 * What the browser knows: the token and the written token under the pointer.
 * @typedef {Local & {hover?: number | null, stroke?: {lane: string, at: number} | null, listening?: boolean}} Kept
 */

/** @type {("tokens" | "text" | "alike")[]} */
const NUMBERS = ["tokens", "text", "alike"];
/** What Python packed, in the place where it is unpacked. @type {(numbers: unknown) => Packed} */
const sentAs = (numbers) => /** @type {Packed} */ (numbers);

/** @type {View<Data, Kept>} */
const familiesView = {
  init(data, _, before) {
    for (const lane of data.lanes) {
      for (const map of Object.values(lane.maps)) map.cells = unpack(map.packed);
      if (lane.writing?.crossing) lane.writing.cells = unpack(lane.writing.crossing);
      const { vectors } = lane;
      if (vectors) for (const name of NUMBERS) vectors[name] = unpack(sentAs(vectors[name]));
    }
    return before && before.stamp === data.stamp ? {} : { hover: null, stroke: null };
  },

  within: ({ follow: token, ...change }, data) =>
    token === undefined || data.fixed ? change : { follow: token, ...change },

  draw(g, data, local) {
    listen(g, local);
    if (data.fixed && !g.can.recompute) for (const lane of data.lanes) lane.back.fill(-1); // no token is a button
    steps.bar(g, local, (now) => caption(data, local, now));
    const at = plan(g, data);
    const [token, step] = [tokenOf(data, local), steps.of(local)];
    g.height = at.height;
    at.lanes.forEach((place, i) => {
      g.part(`head ${i}`, null, () => drawHead(place));
      g.part(`grid ${i}`, [token, Math.min(step, ASKED)], () => drawGrid(g, local, place, token));
      g.part(`asked ${i}`, [token, Math.min(step, ASKED)], () => drawAsked(data, local, place, token));
      g.part(`strip ${i}`, [step, local.stroke, local.sel.crossing, place.lane.vectors && token], () =>
        drawStrip(g, data, local, place),
      );
      drawReader(g, local, place);
    });
  },

  key(event, g, data, local) {
    const move = entryKey(event);
    if (move) follow(g, local, clamp(tokenOf(data, local) + move, 0, data.tokens.length - 1));
    else if (steps.key(event, g, local)) return true;
    else if (event.key === "Escape") steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const token = tokenOf(data, local);
    const said = data.lanes.map((lane) => {
      const found = speaks(lane, token);
      const asked = found && lane.asked[found.at];
      const says = asked
        ? say(" It says {list}.", {
            list: asked.top.map((one) => `${visible(one.text)} ${num(one.p, 3)}`).join(", "),
          })
        : "";
      const swap =
        found && lane.swap?.at === found.at + 1
          ? say(" With {new} behind it, the guess moves by {moved}.", {
              new: visible(lane.swap.new),
              moved: num(lane.swap.moved, 3),
            })
          : "";
      const near =
        found && lane.vectors
          ? say(" It predicts nothing; its vector lies nearest to those of {list}.", {
              list: nearestOf(lane, found.at)
                .map((one) => `${visible(one.text)} ${num(one.p, 3)}`)
                .join(", "),
            })
          : "";
      const turn =
        found && lane.vectors?.turn?.at === found.at + 1
          ? say(" With {new} behind it, the vector turns to cosine {cosine}.", {
              new: visible(lane.vectors.turn.new),
              cosine: num(lane.vectors.turn.cosine, 3),
            })
          : "";
      const wrote = lane.writing
        ? say(" Written: {text}.", {
            text:
              lane.writing.strokes
                .slice(0, drafted(local))
                .map((one) => visible(one.text))
                .join(" ") || say("nothing yet"),
          })
        : "";
      return `${lane.title}, ${SHAPE[lane.shape]}${lane.model ? `, ${lane.model}` : ""}: ${lane.notes.map((note) => `${note} `).join("")}${inView(lane, token)}.${says}${swap}${near}${turn}${wrote}${lane.missing ? ` ${lane.missing}` : ""}`;
    });
    return `${steps.said(local, (now) => caption(data, local, now))}${say("One text of {tokens} through three shapes. Asked for: {token}.", { tokens: counted(data.tokens.length, "token"), token: visible(data.tokens[token]) })} ${said.join(" ")}`;
  },

  state(data, local) {
    const token = tokenOf(data, local);
    return {
      tokens: data.tokens,
      token,
      hover: local.hover ?? null,
      ...steps.state(local),
      written: drafted(local),
      asks: data.asks,
      lanes: data.lanes.map((lane) => {
        const found = speaks(lane, token);
        return {
          shape: lane.shape,
          model: lane.model,
          own: lane.own,
          missing: Boolean(lane.missing),
          tokens: lane.tokens.map((one) => one.text),
          at: lane.at[token] ?? -1,
          row: found?.row ?? null,
          sees: found?.sees ?? [],
          view: inView(lane, token),
          maps: Object.fromEntries(
            Object.entries(lane.maps).map(([name, map]) => [name, map.cells.reduce((a, b) => a + b, 0)]),
          ),
          asked: (found && lane.asked[found.at]) ?? null,
          swap: lane.swap,
          notes: lane.notes,
          vectors: lane.vectors && {
            text: Array.from(lane.vectors.text.slice(0, 8), (v) => Number(v.toFixed(5))),
            dims: lane.vectors.tokens.shape[1],
            turn: lane.vectors.turn,
            nearest: found ? nearestOf(lane, found.at).map((one) => ({ at: one.at, cosine: one.p })) : [],
          },
          writes: (lane.writing?.strokes ?? []).slice(0, drafted(local)).map((one) => one.id),
          ended: lane.writing?.ended ?? false,
          stroke: strokeOf(lane, local),
          reader: lane.writing?.readers?.[readerOf(lane, local)] ?? null,
          reads: Array.from(crossingOf(lane, local) ?? [], (v) => Number(v.toFixed(5))),
        };
      }),
    };
  },
};

export default mount("families", familiesView);
