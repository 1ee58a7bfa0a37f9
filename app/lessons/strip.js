// The strip of a lesson: dots, title, prose, question and the way on. Texts are set as text, never as markup.
// What was answered and how far one came stays in this browser (progress.js).

import { counted } from "../kit/counts.js";
import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { known, remember } from "./progress.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * One step of a lesson. `mark` counts from 1; `answer` comes with the answer only; `own`: how the page differs from the
 * step, "" not at all; `goal`: whether what the learner should do is done, null where there is nothing to do.
 * @typedef {object} Data
 * @property {string} lesson
 * @property {string} title
 * @property {number} mark
 * @property {number} of
 * @property {string} name
 * @property {string} prose
 * @property {string} point the part of the picture that is framed, in words
 * @property {boolean} box whether it is the box of the learner's own text
 * @property {{text: string, options: string[]} | null} question
 * @property {number | null} answered
 * @property {{right: number, because: string, evidence: string} | null} answer
 * @property {"" | "text" | "page" | "view"} own
 * @property {boolean} done
 * @property {boolean | null} goal
 * @property {string} next
 * @property {string} ends
 * @property {Asked[]} questions of the whole lesson, on its last step
 *
 * @typedef {{mark: number, name: string, right: number}} Asked a question's step, and which option is right
 * @typedef {{root: HTMLElement, data: Data, send: Given["setTriggerValue"], moved: boolean, folded: boolean, stop: () => void}} Strip
 */

/** @type {WeakMap<HTMLElement, Strip>} */
const strips = new WeakMap();

const OWN = {
  view: say("This is your own view now."),
  page: say("This page is not the step’s."),
  text: say("The text or the model is yours now; the page asks about it below."),
};

const typing = (/** @type {EventTarget | null} */ element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

/** Pieces between backticks are set in monospace. @param {string} text */
export const inline = (text) =>
  text.split("`").map((piece, at) => (at % 2 ? html("code", {}, piece) : piece));

/** @type {(strip: Strip, event: string, value?: Record<string, unknown>) => void} */
function tell(strip, event, value = {}) {
  strip.moved = event !== "answer";
  strip.send(event, { ...value, at: Date.now() });
}

/** @type {(act: string, text: string, click: () => void, extra?: string) => HTMLButtonElement} */
const button = (act, text, click, extra = "") =>
  html("button", { type: "button", class: `gb-lesson-button ${extra}`, "data-act": act, click }, text);

/** That the learner has roamed, in the place of where one is: nothing moves. @param {Strip} strip */
const roamed = (strip) =>
  html(
    "span",
    { class: "gb-lesson-own" },
    strip.data.own ? `${OWN[strip.data.own]} ` : "",
    button("again", say("Back to the step"), () => tell(strip, "again"), "gb-link"),
  );

/** @param {Strip} strip */
function heading(strip) {
  const { data } = strip;
  const done = known(data.lesson).done;
  const dots = html(
    "span",
    { class: "gb-lesson-dots", "aria-hidden": "true" },
    Array.from({ length: data.of }, (_, at) =>
      html("i", { class: at + 1 === data.mark ? "now" : done.includes(at + 1) ? "done" : "" }),
    ),
  );
  const title = html("h1", { tabindex: -1, id: "gb-lesson-title" }, ...inline(data.name));
  const where = data.own
    ? roamed(strip)
    : html(
        "span",
        { class: "gb-lesson-where" },
        `${data.title} · ${say("step {mark} of {of}", { mark: data.mark, of: data.of })}`,
      );
  const fold = button(
    "fold",
    strip.folded ? say("Unfold") : say("Fold"),
    () => {
      strip.folded = !strip.folded;
      draw(strip);
    },
    "gb-lesson-fold",
  );
  fold.setAttribute("aria-expanded", String(!strip.folded));
  const on = data.next ? say("Next: {step}", { step: data.next.replaceAll("`", "") }) : say("Finish");
  const primary = data.done ? "gb-primary" : "";
  const back = button("back", say("Back"), () => tell(strip, "move", { by: -1 }));
  back.disabled = data.mark === 1;
  const way = html(
    "nav",
    { class: "gb-lesson-way", "aria-label": say("Lesson") },
    back,
    button("next", on, () => tell(strip, "move", { by: 1 }), primary),
    data.next ? button("leave", say("Leave"), () => tell(strip, "leave")) : "",
  );
  return html(
    "div",
    { class: "gb-lesson-head" },
    html("div", { class: "gb-lesson-name" }, title, where, data.own ? "" : dots),
    fold,
    way,
  );
}

/** @param {Strip} strip */
function question(strip) {
  const { data } = strip;
  if (!data.question || data.own === "text") return null;
  const answered = data.answered;
  const options = data.question.options.map((option, at) => {
    const chosen = answered === at;
    const right = data.answer?.right === at;
    const one = html(
      "button",
      {
        type: "button",
        class: `gb-lesson-option${chosen ? " chosen" : ""}${right ? " right" : ""}`,
        "data-option": at,
        "aria-pressed": String(chosen),
        click: () => choose(strip, at),
      },
      ...inline(option),
    );
    one.disabled = answered !== null;
    return one;
  });
  return html(
    "div",
    { class: "gb-lesson-ask", role: "group", "aria-label": say("Question") },
    html("p", { class: "gb-lesson-question" }, ...inline(data.question.text)),
    html("div", { class: "gb-lesson-options" }, options),
  );
}

/** @param {Strip} strip */
function reveal({ data }) {
  if (!data.answer || !data.question || data.own === "text") return null;
  const { right, because, evidence } = data.answer;
  const verdict = data.answered === right ? say("Right:") : say("It is:");
  return html(
    "p",
    { class: "gb-lesson-because" },
    html("b", {}, `${verdict} `, ...inline(data.question.options[right])),
    ". ",
    ...inline(because),
    evidence ? html("span", { class: "gb-lesson-evidence" }, " ", ...inline(evidence)) : "",
  );
}

/**
 * How a lesson's questions were answered, in words, and those to look at once more; "" before any is answered.
 * @type {(questions: Asked[], answers: Record<number, number>) => {said: string, again: Asked[]}}
 */
export function result(questions, answers) {
  const again = questions.filter(({ mark, right }) => answers[mark] !== right);
  if (!questions.some(({ mark }) => answers[mark] !== undefined)) return { said: "", again: [] };
  const skipped = questions.filter(({ mark }) => answers[mark] === undefined).length;
  const all = counted(questions.length, "question");
  if (!again.length)
    return {
      said:
        questions.length === 1
          ? say("You answered its question right.")
          : say("You answered all {questions} right.", { questions: all }),
      again,
    };
  const right = questions.length - again.length;
  const rest =
    again.length === 1
      ? say("This one is worth another look:")
      : say("These {count} are worth another look:", { count: again.length });
  return {
    said: `${skipped ? say("You answered {right} of {questions} right and skipped {skipped}.", { right, questions: all, skipped }) : say("You answered {right} of {questions} right.", { right, questions: all })} ${rest}`,
    again,
  };
}

/** @param {Strip} strip */
function ending(strip) {
  const { data } = strip;
  if (data.next || (data.question && !data.done)) return [];
  const { said, again } = result(data.questions, known(data.lesson).answers);
  const links = again.flatMap(({ mark, name }, at) => [
    at ? " · " : " ",
    button("look", name.replaceAll("`", ""), () => tell(strip, "look", { mark }), "gb-link"),
  ]);
  return [
    ...(data.ends
      ? [html("p", { class: "gb-lesson-ends" }, `${say("In one line:")} `, ...inline(data.ends))]
      : []),
    ...(said ? [html("p", { class: "gb-lesson-result" }, said, ...links)] : []),
  ];
}

/** @type {(strip: Strip, at: number) => void} */
function choose(strip, at) {
  if (strip.data.answered !== null) return;
  strip.data = { ...strip.data, answered: at };
  draw(strip);
  remember(strip.data.lesson, { answers: { [strip.data.mark]: at } });
  tell(strip, "answer", { index: at });
}

/** @param {Strip} strip */
function draw(strip) {
  const { root, data } = strip;
  const focus = root.contains(document.activeElement)
    ? /** @type {HTMLElement} */ (document.activeElement)
    : null;
  const point =
    data.point && !data.own
      ? html("span", { class: "gb-visually-hidden" }, ` ${say("Look at: {point}.", { point: data.point })}`)
      : "";
  const prose = data.prose
    ? html(
        "p",
        { class: "gb-lesson-prose" },
        ...inline(data.prose),
        point,
        data.goal ? html("b", { class: "gb-lesson-goal" }, ` ${say("✓ done")}`) : "",
      )
    : null;
  const live =
    root.querySelector(":scope > .gb-lesson-live") ??
    html("div", { class: "gb-lesson-live", role: "status" });
  const why = reveal(strip);
  if (live.textContent !== (why?.textContent ?? "")) live.replaceChildren(...(why ? [why] : []));
  root.classList.toggle("gb-folded", strip.folded);
  root.replaceChildren(
    heading(strip),
    ...[prose, question(strip)].filter((part) => part !== null),
    live,
    ...ending(strip),
  );
  root.toggleAttribute("data-box", data.box && !data.own);
  tellHeight(root);
  root.dataset.state = JSON.stringify({
    lesson: data.lesson,
    mark: data.mark,
    of: data.of,
    name: data.name,
    answered: data.answered,
    right: data.answer?.right ?? null,
    own: data.own,
    done: data.done,
    goal: data.goal,
    asks: Boolean(data.question),
    folded: strip.folded,
    point: data.point,
  });
  const again = focus?.id ? `#${focus.id}` : focus?.dataset.act ? `[data-act="${focus.dataset.act}"]` : "";
  if (again) /** @type {HTMLElement | null} */ (root.querySelector(again))?.focus({ preventScroll: true });
}

/** Tells the pictures how much of the window the strip covers, so that what it points at comes to lie beside it. @param {HTMLElement} root */
const tellHeight = (root) =>
  document.documentElement.style.setProperty(
    "--gb-lesson-height",
    `${Math.round(root.getBoundingClientRect().height)}px`,
  );

/** @param {HTMLElement} parent @param {Data} data @param {Given["setTriggerValue"]} send */
function build(parent, data, send) {
  const root = html("section", { class: "gb-lesson", "aria-labelledby": "gb-lesson-title" });
  parent.append(root);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      typing(event.target) ||
      document.querySelector("dialog[open]")
    )
      return;
    const by = { n: 1, b: -1 }[event.key.toLowerCase()];
    if (!by || (by < 0 && strip.data.mark === 1)) return;
    event.preventDefault();
    tell(strip, "move", { by });
  };
  document.addEventListener("keydown", keys);
  /** @type {Strip} */
  const strip = {
    root,
    data,
    send,
    moved: false,
    folded: false,
    stop: () => document.removeEventListener("keydown", keys),
  };
  return strip;
}

/** @param {Given<Data>} given */
export default function lesson({ parentElement, data, setTriggerValue }) {
  const before = strips.get(parentElement);
  const strip =
    before && parentElement.contains(before.root) ? before : build(parentElement, data, setTriggerValue);
  strips.set(parentElement, strip);
  strip.send = setTriggerValue;
  const changed = before !== strip || strip.data.mark !== data.mark || strip.data.lesson !== data.lesson;
  strip.data = data;
  if (changed) strip.folded = false;
  remember(data.lesson, {
    at: data.mark,
    of: data.of,
    title: data.title,
    ...(data.done ? { done: [data.mark] } : {}),
  });
  draw(strip);
  // The answer of an earlier visit is taken up again.
  const kept = known(data.lesson).answers[data.mark];
  if (
    changed &&
    data.question &&
    data.answered === null &&
    kept !== undefined &&
    kept < data.question.options.length
  )
    choose(strip, kept);
  if (changed && (moving || strip.moved))
    strip.root.querySelector("h1")?.focus({ preventScroll: matchMedia("(max-width: 640px)").matches });
  if (changed) moving = strip.moved = false;
  return () => {
    if (parentElement.isConnected && parentElement.contains(strip.root)) return;
    moving ||= strip.moved;
    strip.stop();
    document.documentElement.style.removeProperty("--gb-lesson-height");
    strips.delete(parentElement);
  };
}

// Whether a step was left through the strip: on the next page the heading takes the focus.
let moving = false;
