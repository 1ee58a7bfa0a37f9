// The card of the lessons: "Start here", or "Go on" with the one that was open last. On the page Lessons, all of them.

import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { all, forget } from "./progress.js";

/**
 * @import { Given } from "../kit/glass.js"
 * @import { Progress } from "./progress.js"
 *
 * @typedef {{name: string, title: string, asks: string, minutes: number, of: number, pages?: string[], own?: boolean, print?: string}} Lesson
 * @typedef {{lessons: Lesson[], page: string}} Data
 */

/** @type {(send: Given["setTriggerValue"], text: string, lesson: string, mark: number, extra?: string) => HTMLButtonElement} */
const start = (send, text, lesson, mark, extra = "") =>
  html(
    "button",
    {
      type: "button",
      class: `gb-lesson-button ${extra}`,
      "data-start": lesson,
      click: () => send("start", { lesson, mark, at: Date.now() }),
    },
    text,
  );

/** What stands open: begun, and not at its last step. @param {Lesson} lesson @param {Record<string, Progress>} known */
export const open = (lesson, known) => {
  const one = known[lesson.name];
  return one && one.at > 0 && (one.at < lesson.of || one.done.length < lesson.of) && one.at <= lesson.of
    ? one
    : null;
};

/** @type {(data: Data, send: Given["setTriggerValue"]) => HTMLElement} */
function onHome({ lessons }, send) {
  const known = all();
  const begun = lessons.filter((one) => open(one, known) && known[one.name].at < one.of);
  const [first] = lessons;
  const next = begun[begun.length - 1] ?? lessons.find((one) => !known[one.name]) ?? first;
  const at = begun.length ? known[next.name].at : 1;
  const fresh = !Object.keys(known).length;
  return html(
    "section",
    { class: "gb-start", "aria-label": say("Lessons") },
    start(send, begun.length ? say("Go on") : say("Start here"), next.name, at, "gb-primary"),
    html(
      "p",
      {},
      html("b", {}, next.title),
      ` ${[begun.length ? say("step {at} of {of}.", { at, of: next.of }) : say("{minutes} minutes.", { minutes: next.minutes }), begun.length || fresh ? "" : say("The next lesson.")].filter(Boolean).join(" ")} `,
      html("span", {}, next.asks),
    ),
    html(
      "button",
      {
        type: "button",
        class: "gb-lesson-button gb-link",
        "data-list": "",
        click: () => send("list", { at: Date.now() }),
      },
      say("All lessons"),
    ),
  );
}

/** @type {(data: Data, send: Given["setTriggerValue"], again: () => void) => HTMLElement} */
function onList({ lessons }, send, again) {
  const known = all();
  return html(
    "ol",
    { class: "gb-lessons" },
    lessons.map((one) => {
      const so = known[one.name];
      const at = so && so.at < one.of ? so.at : 1;
      const far =
        !so || so.at >= one.of ? "" : `${say("You are at step {at} of {of}.", { at: so.at, of: one.of })} `;
      return html(
        "li",
        {},
        html(
          "h2",
          {},
          one.title,
          so && so.at >= one.of ? html("span", { class: "gb-lesson-done" }, ` ${say("✓ done")}`) : "",
        ),
        html("p", {}, one.asks),
        html(
          "p",
          { class: "gb-lesson-where" },
          far +
            say("{minutes} minutes, {of} steps: {pages}", { ...one, pages: (one.pages ?? []).join(", ") }),
        ),
        html(
          "p",
          { class: "gb-lesson-way" },
          start(send, !so ? say("Start") : at > 1 ? say("Go on") : say("Again"), one.name, at, "gb-primary"),
          html(
            "button",
            {
              type: "button",
              class: "gb-lesson-button",
              "data-read": one.name,
              click: () => send("read", { lesson: one.name, at: Date.now() }),
            },
            say("Read and print"),
          ),
          so
            ? html(
                "button",
                {
                  type: "button",
                  class: "gb-lesson-button gb-link",
                  "data-forget": one.name,
                  click: () => {
                    forget(one.name);
                    send("forget", { lesson: one.name, at: Date.now() });
                    again();
                  },
                },
                say("Forget my answers"),
              )
            : "",
        ),
      );
    }),
  );
}

/** @type {WeakMap<HTMLElement, HTMLElement>} */
const drawn = new WeakMap();

/** @param {Given<Data>} given */
export default function card({ parentElement, data, setTriggerValue }) {
  const draw = () => {
    drawn.get(parentElement)?.remove();
    if (!data.lessons.length) return;
    const made =
      data.page === "lessons" ? onList(data, setTriggerValue, draw) : onHome(data, setTriggerValue);
    parentElement.append(made);
    drawn.set(parentElement, made);
  };
  draw();
  return () => {};
}
