// Above a picture that carries its model: the text, the moments of the training, and what can be changed in the model.
// Nothing leaves the file.

import { say } from "../../kit/say.js";
import { html } from "../../kit/shapes.js";
import { computing } from "./computing.js";

/**
 * @import { Component, State } from "../host.js"
 * @import { Computing, Control, Own } from "./computing.js"
 */

const FIRST = say(
  "Write a text of your own: the model is in this file, and nothing leaves it. Training, other models and the other pages need the app.",
);
const SLICE = 20; // ms of work at a time behind a picture: pointer and keys are answered in between
const PAUSE = 20; // ms until it begins, so that the picture is seen first

/**
 * Draws a picture that carries its model into its section: as it came, until something is changed.
 * @param {Component} component @param {HTMLElement} section @param {State} first the data that it came with
 * @param {Computing} way @param {Own} own
 */
export function drawOwn(component, section, first, way, own) {
  const place = /** @type {HTMLElement} */ (section.querySelector(".picture"));
  const machine = computing(way, own);
  const show = (/** @type {Record<string, any>} */ data) =>
    component({ data, parentElement: place, setTriggerValue, can: { recompute: true, append: true } });
  let latest = 0; // whoever asked last: what was begun for another picture ends
  const asItCame = () => {
    latest++;
    machine.reset();
    for (const table of section.querySelectorAll("details")) table.hidden = false;
    show(first.data);
    section.dataset.record = JSON.stringify(first.record);
    above.show(FIRST);
  };
  const again = (said = "") => {
    const found = machine.data();
    if (found.data) {
      show(found.data);
      section.dataset.record = JSON.stringify(changedRecord(first.record, machine));
      for (const table of section.querySelectorAll("details")) table.hidden = true; // it is of the picture as it came
    }
    const work = machine.later();
    goOn(work, work.next(), ++latest, said || found.said, PAUSE);
  };
  /**
   * Draws what a step behind the picture has found, and does those that are left.
   * @type {(work: Iterator<boolean>, step: IteratorResult<boolean>, mine: number, said: string, pause: number) => void}
   */
  const goOn = (work, step, mine, said, pause) => {
    if (step.value) show(machine.data().data ?? first.data);
    above.show(step.done ? said : say("{said} More of it is being measured.", { said }));
    if (!step.done)
      setTimeout(() => {
        if (mine !== latest) return;
        const end = performance.now() + SLICE;
        let next = work.next();
        while (!next.done && !next.value && performance.now() < end) next = work.next();
        goOn(work, next, mine, said, 0);
      }, pause);
  };
  /** @type {(event: string, value: any) => void} */
  const setTriggerValue = (event, value) => {
    if (event === "select") {
      if (machine.choose(value)) again();
      if (parent !== window) parent.postMessage({ glassbox: { selected: value } }, "*");
      return;
    }
    const turn = machine.event(event, value);
    if (turn) again(turn.note);
  };
  const above = controls(machine, { again, reset: asItCame });
  place.before(above.whole);
  asItCame();
  // Safari has no idle callback. The weights are unpacked before somebody writes, or the first letter would wait for that.
  (globalThis.requestIdleCallback ?? setTimeout)(() => machine.asked());
}

/**
 * What a file says of its origin when something was changed here: the link and the weights are those of another picture.
 * @type {(record: State["record"], machine: ReturnType<typeof computing>) => State["record"]}
 */
function changedRecord(record, { now, labels }) {
  /** @type {State["record"]} */
  const changed = { ...record, text: now.text, settings: JSON.stringify(now.values) };
  delete changed.link;
  if (labels.length > 1) {
    changed["model state"] = labels[now.moment];
    delete changed["model hash"];
  }
  return changed;
}

/**
 * The controls above a picture that computes.
 * @param {ReturnType<typeof computing>} machine @param {{again: () => void, reset: () => void}} act
 */
function controls(machine, { again, reset }) {
  /** @type {HTMLTextAreaElement} */
  const text = html("textarea", {
    rows: 1,
    spellcheck: "false",
    "aria-label": say("Text"),
    oninput: () => {
      machine.now.text = text.value;
      again();
    },
  });
  const name = `moment${Math.random()}`;
  const moments = machine.labels.map((_, i) =>
    html("input", {
      type: "radio",
      name,
      value: i,
      onchange: () => {
        machine.now.moment = i;
        again();
      },
    }),
  );
  const made = machine.controls.map((control) => ({ control, ...controlOf(control, machine, again) }));
  const status = html("span", { class: "gb-own-status", role: "status" });
  const whole = html(
    "div",
    { class: "gb-own" },
    html("label", { class: "gb-own-text" }, html("span", {}, say("Text")), text),
    html(
      "div",
      { class: "gb-own-row" },
      moments.length > 1
        ? html(
            "fieldset",
            { class: "gb-switch" },
            html("legend", {}, say("Rewind")),
            ...moments.map((input, i) => html("label", {}, input, machine.labels[i])).reverse(),
          )
        : "",
      ...made.map(({ node }) => node),
      html("button", { type: "button", onclick: reset }, say("As it came")),
      status,
    ),
  );
  return {
    whole,
    /** Shows what is chosen, where something else than these controls chose it. @param {string} said */
    show(said) {
      if (text.value !== machine.now.text) text.value = machine.now.text;
      for (const [i, input] of moments.entries()) input.checked = i === machine.now.moment;
      for (const { control, node, follow } of made) {
        node.hidden = Boolean(control.when) && !machine.now.values[control.when ?? ""];
        follow();
      }
      if (status.textContent !== said) status.textContent = said; // what is written again is read out again
    },
  };
}

/** @type {(control: Control, machine: ReturnType<typeof computing>, again: () => void) => {node: HTMLElement, follow: () => void}} */
function controlOf(control, machine, again) {
  const { key, label } = control;
  const set = (/** @type {unknown} */ value) => {
    machine.now.values[key] = value;
    again();
  };
  if (control.kind === "check") {
    /** @type {HTMLInputElement} */
    const input = html("input", { type: "checkbox", onchange: () => set(input.checked) });
    return {
      node: html("label", {}, input, label),
      follow: () => {
        input.checked = Boolean(machine.now.values[key]);
      },
    };
  }
  if (control.kind === "choice") {
    /** @type {HTMLSelectElement} */
    const select = html("select", {
      "aria-label": label,
      onchange: () => set(control.options(machine.asked())[select.selectedIndex][0]),
    });
    const follow = () => {
      const options = control.options(machine.asked());
      if (options.length !== select.options.length)
        select.replaceChildren(...options.map(([value, name]) => new Option(name, String(value))));
      select.value = String(machine.now.values[key]);
    };
    return { node: html("label", {}, label, select), follow };
  }
  const { low, high, step } = control;
  const read = html("output", {});
  /** @type {HTMLInputElement} */
  const input = html("input", {
    type: "range",
    min: low,
    max: high,
    step,
    "aria-label": label,
    oninput: () => set(Number(input.value)),
  });
  const follow = () => {
    input.value = String(machine.now.values[key]);
    read.textContent = input.value;
  };
  return { node: html("label", {}, label, input, read), follow };
}
