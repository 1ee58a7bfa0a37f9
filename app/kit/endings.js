// How a run stands, and why it ended, in words: core/runs/endings.py says the same in Python.

import { mark, say, sayOf } from "./say.js";

/** @type {Record<string, string>} */
const STATES = {
  queued: sayOf("state of a run", "queued"),
  running: sayOf("state of a run", "running"),
  paused: sayOf("state of a run", "paused"),
  done: sayOf("state of a run", "done"),
  stopped: sayOf("state of a run", "stopped"),
  diverged: sayOf("state of a run", "diverged"),
  failed: sayOf("state of a run", "failed"),
  gone: sayOf("state of a run", "gone"),
};
/** How a run stands, in a word. @param {string} state */
export const stateWord = (state) => STATES[state] ?? state;

/** What ends a run, as workers and the store write it (core/runs/endings.py). */
const ENDINGS = [
  mark("Stopped."),
  mark("Stopped at step {step}."),
  mark("Stopped at step {step}: it has computed for {minutes} minutes, twice what one run may take here."),
  mark("diverged at step {step}: the loss was {size}; try a lower learning rate"),
  mark("diverged at step {step}: the gradient was {size}; try a lower learning rate"),
  mark("diverged at step {step}: the loss was not a finite number; try a lower learning rate"),
  mark("diverged at step {step}: the gradient was not a finite number; try a lower learning rate"),
  mark(
    "the text is too short to train on: {tokens} tokens, and at least {fewest} are needed; bring more text, or a tokenizer with smaller pieces",
  ),
  mark("The process that trained it was lost {count} times in a row: it may need more memory than there is."),
  mark(
    "Stopped: the store was full, and the runs of its owner took the most of it. Delete some, then fork it.",
  ),
];
/** Each with what finds it, and its numbers. */
const FOUND = ENDINGS.map(
  (message) =>
    /** @type {const} */ ([
      new RegExp(`^${message.replace(/\./g, "\\.").replace(/\{(\w+)\}/g, "(?<$1>[\\d.,e+-]+)")}$`),
      message,
    ]),
);

/** Why a run ended, in the reader's language; an error of the training itself as it was written. @param {string} ended */
export function retold(ended) {
  for (const [pattern, message] of FOUND) {
    const found = ended.match(pattern);
    if (found) return say(message, found.groups);
  }
  return ended;
}
