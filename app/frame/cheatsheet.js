// Cards of the cheatsheet's sections. One component, because a hundred native elements would be diffed at every change.

import { say } from "../kit/say.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * A page of a section: `terms` are those it explains.
 * @typedef {{slug: string, title: string, terms: string}} Entry
 * @typedef {{cards: {section: string, name: string, pages: Entry[]}[]}} Data
 *
 * @typedef {{visit: (slug: string) => void, root: HTMLElement}} Kept
 */

/** @type {WeakMap<HTMLElement, Kept>} */
const roots = new WeakMap();

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** @type {(entry: Entry, visit: (slug: string) => void) => HTMLLIElement} */
function page(entry, visit) {
  const item = make("li");
  const link = make("a", "", entry.title);
  // The address says what is chosen now; it changes without this map.
  const aim = () => {
    link.href = `${entry.slug === "home" ? "." : entry.slug}${location.search}`;
  };
  aim();
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // the browser opens a new tab or window
    event.preventDefault();
    visit(entry.slug);
  });
  for (const before of ["pointerdown", "focus"]) link.addEventListener(before, aim);
  item.append(link);
  item.append(make("p", "", entry.terms));
  return item;
}

/** @param {Given<Data>} given */
export default function cheatsheet({ parentElement, data, setTriggerValue }) {
  const visit = (/** @type {string} */ slug) => setTriggerValue("visit", { page: slug });
  const before = roots.get(parentElement);
  if (before?.root.isConnected) {
    before.visit = visit;
    return;
  }
  const local = { visit, root: make("section", "gb-map") };
  local.root.setAttribute("aria-labelledby", "gb-map-title");
  const title = make("h2", "", say("The subject as a map"));
  title.id = "gb-map-title";
  const grid = make("div", "gb-map-cards");
  for (const card of data.cards) {
    const box = make("article");
    const heading = make("h3");
    heading.append(make("span", "", card.section), ` ${card.name}`);
    const list = make("ul");
    for (const entry of card.pages) list.append(page(entry, (slug) => local.visit(slug)));
    box.append(heading, list);
    grid.append(box);
  }
  local.root.append(
    title,
    make("p", "gb-map-note", say("Each section of the cheatsheet, and the pages that show it.")),
    grid,
  );
  parentElement.append(local.root);
  roots.set(parentElement, local);
}
