// What a model does with a text: one picture a task. layout.js says how much is shown; linked.js draws a translation,
// passage.js what reads a passage, lines.js what goes on behind a beginning.

import { counted } from "../../app/kit/counts.js";
import { mount, pointing } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, fit, h, inLines, label, num, unpack } from "../../app/kit/shapes.js";
import { entryKey, stepMode, withoutSteps } from "../../app/kit/steps.js";
import { DEEP, partOf, plainly, readsOf, spoken } from "./layout.js";
import { drawLines } from "./lines.js";
import { drawLinks } from "./linked.js";
import { drawPassage } from "./passage.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 */

/**
 * A part of the source or of the answer: `mark` is punctuation, `strange` no word that the model's task has. `p`: the
 * product of the probabilities of its tokens; null where none is told.
 * @typedef {{text: string, mark: boolean, strange?: boolean, p?: number | null}} Part
 *
 * A word of the source and a word of the answer that belong together.
 * @typedef {[read: number, written: number]} Link
 */
/**
 * What figure.py sends.
 * @typedef {object} Data
 * @property {string} stamp under the same one nothing but the selection has changed
 * @property {string[]} [tokens] of the learner's text, on the page
 * @property {"translate" | "summarize" | "question" | "sentiment" | "story" | "dialogue" | "code"} use
 * @property {string} label of the use
 * @property {string} model that answers
 * @property {"links" | "passage" | "lines"} kind of picture
 * @property {[source: string, answer: string]} titles
 * @property {string} failed why there is no answer; "" where there is one
 * @property {string} head of a question, the question
 * @property {string} source
 * @property {Part[]} read the source in parts: words, or sentences
 * @property {(Part & {p: number | null})[]} written the answer in parts
 * @property {Packed} [weights] (written, read) what each part of the answer reads
 * @property {Unpacked} [cells] the same, unpacked here
 * @property {Link[]} links that attention makes, of a translation
 * @property {Link[]} sure and possible: the true ones
 * @property {Link[]} possible
 * @property {boolean} judged whether the true links are known
 * @property {number} sentence that tells the answer; -1: unknown, or none
 * @property {{label: string, p: number}[]} labels and their probabilities, of a sentiment
 * @property {{part: number, first: number, end: number, hero: boolean}[]} marks names in a story, by characters of a part
 * @property {number[]} wrong lines of code that use an undefined name, from 1
 * @property {string} rule whose attention is drawn, of what word
 * @property {string} ruled the same of what has been named before: "it"
 * @property {{text: string, right: boolean | null}[]} verdict what is right about the answer; null: nobody says
 */
/**
 * What the browser knows: the part under the pointer, the steps of this answer, and where its parts of the picture end.
 * @typedef {Local & {hover?: {kind: "read" | "written", at: number} | null, listening?: boolean, kind?: string,
 *   steps?: ReturnType<typeof stepMode>, timer?: ReturnType<typeof setInterval> | null, shares?: number[] | null,
 *   bottom: number, deep: number}} Kept
 *
 * How far a picture reaches: where the verdict begins, and what stands beside it.
 * @typedef {{top: number, x?: number, room?: number, ends?: number}} Reach
 */

/**
 * Steps of this answer: the task, then a part of the answer each. A new answer gets a new bar.
 * @param {Stage} g @param {Data} data @param {Kept} local
 */
function stepsFor(g, data, local) {
  const count = data.written.length;
  const kind = `${data.use} ${count}`;
  if (local.kind !== kind || !local.steps) {
    if (local.steps) withoutSteps(g, local);
    local.kind = kind;
    local.steps = stepMode("spoken", [
      say("Nothing written"),
      ...Array.from({ length: count }, (_, n) => partsOf(data, n + 1)),
    ]);
  }
  return local.steps;
}

/** So many parts of an answer, in words. @param {Pick<Data, "kind" | "use">} data @param {number} count */
function partsOf(data, count) {
  if (data.kind === "links") return counted(count, "word");
  if (data.kind === "passage") return counted(count, "part");
  return data.use === "code" ? counted(count, "line") : counted(count, "sentence");
}

/** What a step shows. @param {Data} data @param {number} step */
function captionOf(data, step) {
  if (!step)
    return say(
      "{model} has read the task and has written nothing yet. It answers as it would go on with any text: what comes next, again and again.",
      { model: data.model },
    );
  const [text, last] = [plainly(data.written[step - 1].text), step === data.written.length];
  const end = last
    ? say("That is all of it: below, the answer is held against the truth.")
    : say("It reads this back before it goes on.");
  if (data.kind === "passage") {
    return last
      ? say(
          "It answers by pointing: “{text}” is the part of the text that it takes. Below, the answer is held against the truth.",
          { text },
        )
      : say("It answers by pointing: “{text}” is the part of the text that it takes.", { text });
  }
  const reads = readsOf(data, step - 1);
  const best = reads ? data.read[Array.from(reads).indexOf(Math.max(...reads))] : undefined;
  const writes = best
    ? say("It writes “{text}”, looking most at “{read}”.", { text, read: plainly(best.text) })
    : say("It writes “{text}”.", { text });
  return `${writes} ${end}`;
}
/** The part of the answer that was looked at is looked at no more. @param {Stage} g @param {Kept} local */
function letGo(g, local) {
  if ((local.sel.said ?? -1) < 0) return false;
  g.select({ said: -1 });
  return true;
}

/** @param {Stage & {shown?: Data}} g @param {Kept} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  /** @type {(event: Event) => Kept["hover"] & object | null} */
  const under = (event) => {
    const found =
      event.target instanceof Element ? event.target.closest("[data-written], [data-read]") : null;
    if (!(found instanceof SVGElement)) return null;
    const set = found.dataset;
    return set.written !== undefined
      ? { kind: "written", at: Number(set.written) }
      : { kind: "read", at: Number(set.read) };
  };
  pointing(g, local, under);
  g.svg.addEventListener("click", (event) => {
    const hit = under(event);
    if (hit?.kind === "written" && g.shown) look(g, g.shown, local, hit.at);
  });
}
/** @param {Stage} g @param {Data} data @param {Kept} local @param {number} at */
function look(g, data, local, at) {
  const count = spoken(data, local);
  local.hover = null;
  if (count) g.select({ said: clamp(at, 0, count - 1) });
}

/**
 * What is right about the answer, once all of it is written. place: {x, top, room}. Returns where it ends.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {{x: number, top: number, room: number}} place
 */
function drawVerdict(g, data, local, place) {
  const { x, top } = place;
  const full = spoken(data, local) === data.written.length;
  const lines = full ? data.verdict : [];
  const room = Math.min(place.room - 26, 900);
  let y = top + 8;
  g.part("verdict", [full, place], () =>
    lines.map((one) => {
      const set = inLines(plainly(one.text), room, 13);
      const sign = one.right === null ? "·" : one.right ? "✓" : "✗";
      const node = h(
        "g",
        { "data-right": one.right === null ? "" : String(Number(one.right)) },
        label(x + 4, y + 14, sign, {
          size: 14,
          weight: 700,
          fill: one.right === null ? "ink3" : one.right ? "v-ink" : "k-ink",
        }),
        set.map((text, k) => label(x + 24, y + 14 + 18 * k, text, { size: 13, fill: "ink" })),
      );
      y += 18 * set.length + 3;
      return node;
    }),
  );
  const tall = lines.reduce((sum, one) => sum + 18 * inLines(plainly(one.text), room, 13).length + 3, 0);
  return top + 8 + tall + 8;
}

/** @type {View<Data, Kept, {shown?: Data}>} */
const applicationsView = {
  init(data, _, before) {
    if (data.weights) data.cells = unpack(data.weights);
    return before && before.stamp === data.stamp ? {} : { hover: null };
  },

  draw(g, data, local) {
    g.shown = data;
    listen(g, local);
    if (data.failed || !data.written.length) {
      withoutSteps(g, local);
      local.kind = "";
      const said = data.failed || say("The model wrote nothing.");
      const [room, asked] = [Math.min(g.width - 20, 640), data.source.slice(0, 400)];
      const [why, what] = [
        inLines(said, room, 15),
        inLines(
          `${data.titles[0]}: ${plainly(asked)}${asked.length < data.source.length ? " …" : ""}`,
          room,
          13,
        ),
      ];
      g.part("failed", null, () => [
        ...why.map((text, i) => label(4, 60 + 24 * i, text, { size: 15, fill: "ink" })),
        ...what.map((text, i) =>
          label(4, 84 + 24 * why.length + 19 * i, fit(text, g.width - 8, 13, false), {
            size: 13,
            fill: "ink3",
          }),
        ),
      ]);
      g.height = Math.max(DEEP, 100 + 24 * why.length + 19 * what.length);
      return;
    }
    stepsFor(g, data, local).bar(g, local, (now) => captionOf(data, now));
    /** @type {Reach} */
    const made = { links: drawLinks, passage: drawPassage, lines: drawLines }[data.kind](g, data, local);
    g.height = Math.max(
      DEEP,
      made.ends ?? 0,
      drawVerdict(g, data, local, { x: made.x ?? 0, top: made.top, room: made.room ?? g.width }),
    );
  },

  key(event, g, data, local) {
    if (!local.steps || !data.written.length) return false;
    const move = entryKey(event);
    if (move) look(g, data, local, partOf(data, local) + move);
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local, () => letGo(g, local));
    else return false;
    return true;
  },

  describe(data, local) {
    if (data.failed || !data.written.length)
      return `${data.label}: ${data.failed || say("the model wrote nothing.")}`;
    const [count, part] = [spoken(data, local), partOf(data, local)];
    const reads = readsOf(data, part);
    const best = reads ? Array.from(reads).indexOf(Math.max(...reads)) : -1;
    const read =
      reads && best >= 0
        ? say("“{text}” reads most: “{source}”, {share}.", {
            text: data.written[part].text,
            source: data.read[best].text,
            share: num(reads[best], 3),
          })
        : "";
    const labels = data.labels.map((one) => ` ${one.label} ${num(one.p, 3)}.`).join("");
    const done = count === data.written.length ? ` ${data.verdict.map((one) => one.text).join(" ")}` : "";
    const step = local.steps?.said(local, (now) => captionOf(data, now)) ?? "";
    const asked = say("{label} by {model}. {source} Written: {written}.", {
      label: data.label,
      model: data.model,
      source: data.head || data.source || data.read.map((one) => one.text).join(" "),
      written:
        data.written
          .slice(0, count)
          .map((one) => one.text)
          .join(" ") || say("nothing yet"),
    });
    return plainly(`${step}${asked}${read && ` ${read}`}${labels}${done}`);
  },

  state(data, local) {
    const part = data.failed ? -1 : partOf(data, local);
    return {
      tokens: data.tokens,
      use: data.use,
      model: data.model,
      kind: data.kind,
      failed: data.failed ?? "",
      head: data.head,
      source: data.source,
      read: data.read.map((one) => one.text),
      strange: data.read.filter((one) => one.strange).map((one) => one.text),
      all: data.written.map((one) => one.text),
      written: data.written.slice(0, spoken(data, local)).map((one) => one.text),
      part,
      hover: local.hover ?? null,
      reads: Array.from(readsOf(data, part) ?? [], (v) => Number(v.toFixed(5))),
      links: data.links,
      sure: data.sure,
      possible: data.possible,
      sentence: data.sentence,
      labels: data.labels,
      verdict: data.verdict,
      wrong: data.wrong,
      rule: data.rule,
      ...(local.steps && !data.failed && data.written.length
        ? local.steps.state(local)
        : { step: 0, steps: 0, playing: false }),
    };
  },
};

export default mount("applications", applicationsView);
