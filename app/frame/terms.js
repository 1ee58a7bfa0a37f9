// Words at the place where they are used: a dotted underline that the pointer, a tap, Enter or Space opens.
//
// Terms are recognised in text that is already on the page, once in each block. The definitions are those of the list at
// the foot; `aria-describedby` points there. Inside a picture's SVG nothing is changed: there the pointer alone asks.

import { language } from "../kit/say.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * A term: its English name, the one in the reader's language, and what it is recognised by where that is not the name
 * (a regular expression; "": by nothing).
 * @typedef {{name: string, shown?: string, as: string | null}} Term
 * @typedef {{from: number, to: number, at: number}} Found a stretch of a text, and the number of its term
 * @typedef {(text: string, code?: boolean) => Found[]} Finder finds all, in order; in code only a token's dot and the start token
 * @typedef {{on: Element, at: number, box?: () => DOMRect}} Use a term where it is used
 */

const REACTS = '[data-testid="stWidgetLabel"] p, [data-testid="stCaptionContainer"] p'; // Streamlit's own elements
const BLOCKS = [
  ".gb-claim h1",
  ".gb-claim p",
  ".gb-lead",
  ".gb-line span",
  ".gb-reveal",
  ".gb-told",
  ".gb-hint",
  ".gb-words p",
  ".gb-cheatsheet h2",
  ".gb-steps-count",
  ".gb-steps-said",
  ".gb-lesson-prose",
  ".gb-lesson-question",
  ".gb-lesson-because",
  "[data-terms]",
  REACTS,
].join(", ");
// No control inside a control: a click on a switch's label is for the switch.
const CLOSED = 'a, button, summary, select, option, textarea, svg, [role=button], [data-testid="stCheckbox"]';
const IN_CODE = ["·", "<s>"];

/** A term or its plural. @type {(literal: string) => string} */
const english = (literal) =>
  /[^aeiou]y$/.test(literal)
    ? `${literal.slice(0, -1)}(?:y|ies)`
    : /[a-z]$/.test(literal)
      ? `${literal}(?:s|es)?`
      : literal;

/** In Spanish nouns and adjectives are several: "cabezas ocultas", "vectores", "posiciones". @type {(literal: string) => string} */
const spanish = (literal) =>
  literal.replace(/[\p{L}]+/gu, (word) => {
    if (/^(?:a|al|con|de|del|el|en|entre|la|las|los|o|para|por|que|sin|un|una|y)$/.test(word)) return word;
    if (/ón$/.test(word)) return `${word.slice(0, -2)}(?:ón|ones)`;
    if (/z$/.test(word)) return `${word.slice(0, -1)}(?:z|ces)`;
    return /[aeiouáéó]$/.test(word) ? `${word}s?` : /[a-zñ]$/.test(word) ? `${word}(?:e?s)?` : word;
  });

/** @type {(term: Term, spoken?: string) => string} */
export function pattern({ name, shown = name, as }, spoken = language) {
  if (as !== null) return as;
  const literal = shown.replace(/ \([^)]*\)$/, "").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  if (!/^\p{Ll}/u.test(shown)) return literal;
  return `[${shown[0]}${shown[0].toUpperCase()}]${(spoken === "es" ? spanish : english)(literal).slice(1)}`;
}

/** @type {(terms: Term[]) => Finder} */
export function finder(terms) {
  const known = terms
    .map((term, at) => ({ at, as: pattern(term), name: term.name }))
    .filter(({ as }) => as)
    .sort((a, b) => b.as.length - a.as.length);
  if (!known.length) return () => [];
  const whole = new RegExp(
    `(?<![\\p{L}\\p{N}_\\-])(?:${known.map(({ as }) => `(${as})`).join("|")})(?![\\p{L}\\p{N}_\\-])`,
    "gu",
  );
  return (text, code = false) =>
    [...text.matchAll(whole)]
      .map((match) => {
        const term = known[match.slice(1).findIndex((group) => group !== undefined)];
        return { from: match.index, to: match.index + match[0].length, at: term.at, name: term.name };
      })
      .filter(({ name }) => !code || IN_CODE.includes(name))
      .map(({ from, to, at }) => ({ from, to, at }));
}

/** @type {(at: number) => string} */
const described = (at) => `gb-word-${at}`;

/**
 * Underlines each term of a block where it stands first.
 * @type {(block: Element, find: Finder) => void}
 */
function underline(block, find) {
  // React writes a single text anew as a whole, so it may be wrapped; of several texts it keeps each node.
  if (
    block.closest(CLOSED) ||
    (block.matches(REACTS) && (block.childNodes.length !== 1 || block.firstElementChild))
  )
    return;
  // A label that is drawn beside the one that is read: there the pointer alone asks.
  const unread = block.closest("[aria-hidden=true]");
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  const seen = new Set();
  for (const text of texts) {
    const parent = text.parentElement;
    if (!parent || parent.closest(CLOSED)) continue;
    const found = find(text.data, Boolean(parent.closest("code"))).filter(
      ({ at }) => !seen.has(at) && seen.add(at),
    );
    for (const { from, to, at } of found.reverse()) {
      const word = text.splitText(from);
      word.splitText(to - from);
      const span = document.createElement("span");
      span.className = "gb-term";
      span.dataset.word = String(at);
      if (!unread) {
        span.role = "button";
        span.tabIndex = 0;
        span.setAttribute("aria-expanded", "false");
        span.setAttribute("aria-describedby", described(at));
      }
      word.replaceWith(span);
      span.append(word);
    }
  }
}

/** @param {Element} block */
function plain(block) {
  const spans = block.querySelectorAll(".gb-term");
  for (const span of spans) span.replaceWith(...span.childNodes);
  if (spans.length) block.normalize();
}

/** @typedef {{terms: Term[], find: Finder, receive: (terms: Term[]) => void, release: () => void}} Words */

/**
 * @param {HTMLElement} parent
 * @returns {Words}
 */
function words(parent) {
  /** @type {Map<Element, {text: string, count: number}>} what is underlined already */
  const done = new Map();
  const tip = document.createElement("div");
  Object.assign(tip, { className: "gb-term-tip", role: "tooltip", popover: "manual" });
  const state = document.createElement("span"); // beside it: a component has colours of its own
  state.hidden = true;
  state.dataset.component = "words";
  parent.append(state, tip);
  /** @type {{on: Element, at: number, block: Element | null, still: boolean, box: () => DOMRect} | null} */
  let open = null;
  let [timer, frame] = [0, 0];
  /** @type {Words} */
  const made = { terms: [], find: () => [], receive: () => {}, release: () => {} };

  const tell = () => {
    state.dataset.state = JSON.stringify({
      terms: made.terms.map(({ name }) => name),
      open: open ? made.terms[open.at].name : null,
    });
  };
  const place = () => {
    if (!open) return;
    const zoom = tip.currentCSSZoom || 1;
    const at = open.box();
    const [w, h] = [tip.offsetWidth * zoom, tip.offsetHeight * zoom];
    const left = Math.max(
      8,
      Math.min(at.left + at.width / 2 - w / 2, document.documentElement.clientWidth - w - 8),
    );
    const top = at.top - h - 6 >= 8 ? at.top - h - 6 : Math.min(at.bottom + 6, innerHeight - h - 8);
    tip.style.left = `${left / zoom}px`;
    tip.style.top = `${Math.max(8, top) / zoom}px`;
  };
  const close = () => {
    clearTimeout(timer);
    if (!open) return;
    if (open.on.hasAttribute("aria-expanded")) open.on.setAttribute("aria-expanded", "false");
    open = null;
    if (tip.matches(":popover-open")) tip.hidePopover();
    tell();
  };
  /** @type {(on: Element, at: number, still: boolean, box?: () => DOMRect) => void} still: until it is closed */
  const show = (on, at, still, box = () => on.getClientRects()[0] ?? on.getBoundingClientRect()) => {
    const said = document.getElementById(described(at))?.textContent;
    if (!said) return;
    close();
    open = { on, at, block: on.closest(BLOCKS), still, box };
    if (on.hasAttribute("aria-expanded")) on.setAttribute("aria-expanded", "true");
    const name = document.createElement("b");
    name.textContent = made.terms[at].shown ?? made.terms[at].name;
    tip.replaceChildren(name, said);
    // Over a picture the pointer goes on to the picture, and over a lesson's card to the answers that the tip may cover.
    tip.classList.toggle(
      "gb-term-through",
      !on.matches(".gb-term") || (!still && Boolean(on.closest(".gb-lesson"))),
    );
    tip.showPopover();
    place();
    tell();
  };

  /** @type {(target: EventTarget | null) => Use | null} */
  const marked = (target) => {
    const on = target instanceof Element ? target.closest("[data-word]") : null;
    const said = on?.getAttribute("data-word") ?? "";
    const at = on?.matches(".gb-term") ? Number(said) : made.terms.findIndex(({ name }) => name === said);
    return on && at >= 0 ? { on, at } : null;
  };
  /**
   * The term under the pointer in a picture's text, which has no markup for it.
   * @type {(event: PointerEvent | MouseEvent) => Use | null}
   */
  const drawn = ({ target, clientX, clientY }) => {
    const text = target instanceof Element ? target.closest("text") : null;
    const matrix = text?.getScreenCTM();
    if (!text || !matrix) return null;
    const at = text.getCharNumAtPosition(new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse()));
    const found =
      at < 0 ? undefined : made.find(text.textContent ?? "").find(({ from, to }) => from <= at && at < to);
    if (!found) return null;
    return {
      on: text,
      at: found.at,
      box: () =>
        new DOMRect(clientX - 4, text.getBoundingClientRect().top, 8, text.getBoundingClientRect().height),
    };
  };
  const busy = () =>
    [...document.querySelectorAll(".gb-tip")].some((one) => /** @type {HTMLElement} */ (one).offsetParent);

  let [restX, restY] = [-1, -1]; // where the pointer rests
  /** @param {PointerEvent} event */
  const over = (event) => {
    if (event.pointerType !== "mouse" || event.buttons) return;
    // Where it rests is not known before it moves for the first time.
    const still =
      event.type === "pointerover" && (restX < 0 || (event.clientX === restX && event.clientY === restY));
    if (still) return; // a word has moved under the pointer: nobody asked for it
    if (tip.contains(/** @type {Node} */ (event.target))) {
      clearTimeout(timer);
      return;
    }
    const found = marked(event.target) ?? drawn(event);
    if (found && open?.on === found.on) {
      clearTimeout(timer);
      return;
    }
    clearTimeout(timer);
    if (found)
      timer = setTimeout(() => {
        if (found.on.isConnected && !busy()) show(found.on, found.at, false, found.box);
      }, 150);
    else if (open && !open.still) timer = setTimeout(close, 200);
  };
  /** @param {MouseEvent} event */
  const click = (event) => {
    if (tip.contains(/** @type {Node} */ (event.target))) return;
    const found = marked(event.target);
    if (found?.on.matches(".gb-term")) {
      event.preventDefault(); // a label would move the focus to its field
      event.stopPropagation();
      if (open?.on === found.on && open.still) close();
      else show(found.on, found.at, true);
      return;
    }
    close();
    if (/** @type {PointerEvent} */ (event).pointerType !== "touch") return;
    const part =
      found ?? (event.target instanceof Element && event.target.closest(".gb-hot") ? null : drawn(event));
    if (part) show(part.on, part.at, true, part.box);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target instanceof Element ? event.target.closest(".gb-term") : null;
    if (event.key === "Escape" && open) close();
    else if (on && (event.key === "Enter" || event.key === " ")) {
      if (open?.on === on) close();
      else show(on, Number(on.getAttribute("data-word")), true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** @param {FocusEvent} event */
  const left = (event) => {
    if (open?.on === event.target && event.relatedTarget) close();
  };

  /** Underlines what is new, before it is painted; an open word that was written anew stays open, and keeps the focus. */
  const pass = () => {
    frame = 0;
    const was = /** @type {HTMLElement | null} */ (open?.on ?? null);
    const focus = was && (document.activeElement === was || document.activeElement === document.body);
    for (const block of done.keys()) if (!block.isConnected) done.delete(block);
    for (const block of document.querySelectorAll(BLOCKS)) {
      const text = block.textContent ?? "";
      const before = done.get(block);
      if (before?.text === text && before.count === block.querySelectorAll(".gb-term").length) continue;
      plain(block);
      underline(block, made.find);
      done.set(block, { text, count: block.querySelectorAll(".gb-term").length });
    }
    watch.takeRecords();
    if (!open || was?.isConnected) {
      place();
      return;
    }
    const again = open.block?.isConnected
      ? open.block.querySelector(`.gb-term[data-word="${open.at}"]`)
      : null;
    const { at, still } = open;
    if (!(again instanceof HTMLElement)) {
      close();
      return;
    }
    if (focus) again.focus({ preventScroll: true });
    show(again, at, still);
  };
  const watch = new MutationObserver(() => {
    frame ||= requestAnimationFrame(pass);
  });

  made.receive = (terms) => {
    if (JSON.stringify(terms) !== JSON.stringify(made.terms)) {
      close();
      for (const block of done.keys()) plain(block);
      done.clear();
      Object.assign(made, { terms, find: finder(terms) });
    }
    watch.observe(document.querySelector('[data-testid="stApp"]') ?? document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    });
    tell();
    pass();
  };
  const listening = new AbortController();
  const options = { capture: true, signal: listening.signal };
  document.addEventListener("pointerover", over, options);
  document.addEventListener(
    "pointermove",
    (event) => {
      if (event.target instanceof SVGElement || restX < 0) over(event);
      [restX, restY] = [event.clientX, event.clientY];
    },
    { ...options, passive: true },
  );
  document.addEventListener("click", click, options);
  document.addEventListener("keydown", key, options);
  document.addEventListener("focusout", left, options);
  document.addEventListener(
    "scroll",
    () => {
      if (open?.still) place();
      else close();
    },
    { ...options, passive: true },
  );
  addEventListener("resize", place, { signal: listening.signal });
  made.release = () => {
    close();
    watch.disconnect();
    cancelAnimationFrame(frame);
    listening.abort();
    for (const block of done.keys()) plain(block);
    done.clear();
    tip.remove();
    state.remove();
  };
  return made;
}

/** @type {WeakMap<HTMLElement, Words>} */
const mounted = new WeakMap();

/** @param {Given<{terms: Term[]}>} given */
export default function terms({ parentElement, data }) {
  let made = mounted.get(parentElement);
  if (!made) {
    made = words(parentElement);
    mounted.set(parentElement, made);
  }
  made.receive(data.terms);
  return () => {
    mounted.get(parentElement)?.release();
    mounted.delete(parentElement);
  };
}
