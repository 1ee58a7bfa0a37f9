// Buttons that have just come where others were rest for a moment: an impatient second click hits nothing.

const REST = 1000; // ms

/**
 * Keeps the buttons of an element from being pressed for a moment, where they are others than before (style sheets draw
 * it, `data-rests`). The first ones need no rest.
 * @param {HTMLElement} element
 * @param {string[]} acts what its buttons do
 */
export function restAfter(element, acts) {
  const [now, before] = [acts.join(" "), element.dataset.acts];
  if (now === before) return;
  element.dataset.acts = now;
  if (before === undefined) return;
  const until = performance.now() + REST;
  element.dataset.rests = String(until);
  setTimeout(() => {
    if (element.dataset.rests === String(until)) delete element.dataset.rests;
  }, REST);
}
