// The stage of every picture: one <figure> with one <svg>, redrawn in parts, with theme, keyboard input and export.
// A view is plain data -> shapes; whatever is the same for all pictures (echoes from Python, theme, tips, keys,
// export) is here. The shapes themselves are in shapes.js.

import "./export.js"; // used by the Take away card through window.glassbox
import { clamp, colours, h, hex, html } from "./shapes.js";
import { tipPlace } from "./tips.js";

/**
 * @import { Shapes } from "./shapes.js"
 *
 * The argument of a Streamlit component, called for all new data.
 * @template [Data=any]
 * @typedef {{data: Data, parentElement: HTMLElement, setTriggerValue: (event: string, value: unknown) => void, point?: string, can?: Can}} Given
 *
 * What the place of a picture can do beside drawing it: open another page, put a token at the end of the text, compute
 * anew. A control that needs what is not there is left out.
 * @typedef {{visit?: boolean, append?: boolean, recompute?: boolean}} Can
 */
/**
 * State in the browser: `sel`, the learner's selection, which is synchronized with Python, and whatever
 * else a view keeps from draw to draw.
 * @typedef {{sel: Record<string, any>}} Local
 *
 * @typedef {{left?: number, top?: number, width?: number, height?: number}} OverlayBox
 * @typedef {[x: number, y: number, width: number, height: number]} PointBox in the picture's own pixels
 *
 * The element of a picture, with the data that its export needs.
 * `choose` selects as a learner does; `recolour` draws anew where the page around has become dark or light.
 * @typedef {HTMLElement & {whole?: Whole, choose?: (wanted: Record<string, unknown>) => void, recolour?: () => void, exports?: Map<string, () => Element | null>}} Figure
 * @typedef {<Taken>(take: () => Taken) => Taken} Whole
 */
/**
 * What a view draws on, `g` in every picture. A part is an SVG group that is built again only when what it depends on, the
 * data, the width or the theme changed; an overlay is an HTML element over the picture, kept with its focus.
 * @typedef {object} Ground
 * @property {Figure} figure
 * @property {SVGSVGElement} svg
 * @property {Local & Record<string, any>} local
 * @property {number} width of the figure, in pixels
 * @property {number} height which the view sets
 * @property {number} [pictureWidth] of a picture wider than its figure, which then scrolls
 * @property {boolean} dark
 * @property {boolean} whole during an export: all rows and columns are drawn
 * @property {boolean} reduced whether reduced motion is preferred
 * @property {Can} can
 * @property {(event: string, value: unknown) => void} send tells Python
 * @property {(page: string, there?: Record<string, unknown>) => void} visit
 * @property {(key: string, deps: unknown, build: () => Shapes) => SVGGElement} part
 * @property {<Made extends HTMLElement>(key: string, box: OverlayBox, build: () => Made, update?: (node: Made) => void) => Made} overlay
 * @property {(page: string, box: OverlayBox, text: string, about?: string) => HTMLElement} door
 * @property {(change: Record<string, unknown>) => void} select
 * @property {<Made extends Element>(node: Made, text: string | ((event: PointerEvent) => string)) => Made} tip
 * @property {() => void} redraw
 * @property {(ms: number, fn: (t: number) => void) => () => void} tween
 *
 * @typedef {Ground & ReturnType<typeof colours>} Stage
 */
/**
 * A picture: from data (sent by Python) and local (the browser's state) to shapes. `Own` is what a view stores on `g`,
 * its layout for example.
 * @template Data
 * @template {Local} [Kept=Local & Record<string, any>]
 * @template [Own=unknown]
 * @typedef {object} View
 * @property {(g: Stage & Own, data: Data, local: Kept) => void} draw
 * @property {(data: Data, local: Kept) => string} describe for screen readers
 * @property {(data: Data, local: Kept) => unknown} state what is shown, as JSON in `data-state`
 * @property {(data: Data, local: Kept, before: Data | null) => Partial<Kept> | void} [init] what new data change in `local`
 * @property {(event: KeyboardEvent, g: Stage & Own, data: Data, local: Kept) => boolean | undefined} [key] whether it was one of its keys
 * @property {(g: Stage & Own, data: Data, local: Kept, change: Record<string, any>) => void} [selected] before a choice is sent
 * @property {(change: Record<string, any>, data: Data, local: Kept) => Record<string, any>} [within] what of a choice can be
 *   shown where nothing is computed anew
 * @property {(g: Stage & Own, data: Data, local: Kept) => Record<string, PointBox>} [points] parts that a lesson may point at by
 *   name, besides those drawn as a part of that name or with a `data-point`
 */

// ---------------------------------------------------------------- the stage

/** In the app: everything. @type {Can} */
const APP = { visit: true, append: true, recompute: true };

const SMALL = 48; // pixels: a part no higher than this is not covered by its own tip
const SETTLES = 3000; // ms in which what stands above a picture may still be on its way

/**
 * Scrolls a part into view, and again while the page around it still grows, until the learner moves it.
 * @param {HTMLElement} part @param {boolean} reduced
 */
function intoView(part, reduced) {
  part.scrollIntoView({ block: "nearest", behavior: reduced ? "instant" : "smooth" });
  const around = part.closest('[data-testid="stMainBlockContainer"]');
  if (!around) return;
  const grown = new ResizeObserver(() => {
    if (part.isConnected && !part.hidden) part.scrollIntoView({ block: "nearest", behavior: "instant" });
  });
  const over = new AbortController();
  const end = () => {
    grown.disconnect();
    over.abort();
  };
  for (const event of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(event, end, { capture: true, passive: true, signal: over.signal });
  setTimeout(end, SETTLES);
  grown.observe(around);
}

/**
 * @param {string} name
 * @param {View<any, any, any>} view
 * @param {HTMLElement} parent
 * @param {Can} can
 */
function stage(name, view, parent, can) {
  const svg = h("svg", { "aria-hidden": "true", "font-family": "var(--gb-sans)", "font-size": 12 });
  const tipBox = html("div", { class: "gb-tip", hidden: "" });
  const probe = html("i", { class: "gb-probe" });
  const scroller = html("div", { class: "gb-scroll" }, svg);
  /** @type {Figure} */
  const figure = html(
    "figure",
    { class: "gb-figure", "data-component": name, tabindex: 0, role: "group" },
    scroller,
    tipBox,
    probe,
  );
  parent.querySelector(":scope > .gb-figure")?.remove();
  parent.append(figure); // beside the style sheet, which Streamlit keeps in the same element
  /** @type {Local & Record<string, any>} */
  const local = { sel: {} };
  /** @type {Map<string, {node: SVGGElement, now: string}>} */
  const parts = new Map();
  /** @type {Map<string, HTMLElement>} */
  const overlays = new Map();
  /** @type {string[]} */
  let seen = [];
  let stamp = 0;
  let frame = 0;
  /** @type {any} */
  let data = null;
  let point = "";
  let shown = ""; // the part that was scrolled into view
  const pointer = html("div", { class: "gb-point", hidden: "" });
  scroller.append(pointer);
  /** @type {Given["setTriggerValue"]} */
  let send = () => {};
  let [chosen, sentAt, later] = [0, 0, 0];
  const motion = matchMedia("(prefers-reduced-motion: reduce)");

  const g = /** @type {Stage} */ ({
    figure,
    svg,
    local,
    width: 0,
    height: 0,
    dark: false,
    whole: false,
    can,
    get reduced() {
      return motion.matches;
    },
  });
  Object.assign(g, colours(g));
  g.send = (event, value) => send(event, value);
  const tell = () => {
    clearTimeout(later);
    later = 0;
    document.removeEventListener("click", tellBefore, true);
    sentAt = Date.now();
    send("select", { ...local.sel, n: chosen });
  };
  /** Sends a pending choice before a click elsewhere is handled: sent after a click on a link it would bring this page back. @param {MouseEvent} event */
  function tellBefore(event) {
    if (!event.composedPath().includes(figure)) tell();
  }
  /** Opens another page with the same model, text and selection, after sending a pending choice; steps begin anew unless chosen. */
  g.visit = (page, there) => {
    if (!can.visit) return;
    if (later) tell();
    send("visit", { page, ...(there && { chosen: there }), at: Date.now() });
  };
  /** Returns a part of the picture, rebuilt only when `deps`, the data, the width or the theme changed. */
  g.part = (key, deps, build) => {
    const now = stamp + JSON.stringify(deps ?? null);
    let part = parts.get(key);
    if (!part || part.now !== now) {
      const node = h("g", { "data-part": key }, build());
      if (part) part.node.replaceWith(node);
      part = { node, now };
      parts.set(key, part);
    }
    seen.push(key);
    return part.node;
  };
  /** Places a native control over the picture, kept (with its focus) from draw to draw; update(node) runs every draw. */
  g.overlay = (key, box, build, update) => {
    let node = /** @type {ReturnType<typeof build> | undefined} */ (overlays.get(key));
    if (!node) {
      node = build();
      overlays.set(key, node);
      node.classList.add("gb-over");
      scroller.append(node);
    }
    for (const side of /** @type {const} */ (["left", "top", "width", "height"])) {
      node.style[side] = box[side] === undefined ? "" : `${box[side]}px`;
    }
    update?.(node);
    seen.push(`overlay ${key}`);
    return node;
  };
  /**
   * Creates a link to another page: `text` with an arrow, as a button styled as a link. Where no page can be opened the
   * name of the part stays; a door that names nothing is left out by who draws it.
   */
  g.door = (page, box, text, about = "") =>
    g.overlay(
      `door ${page}`,
      box,
      () =>
        can.visit
          ? html("button", {
              class: "gb-door",
              type: "button",
              "data-door": page,
              onclick: () => g.visit(page),
            })
          : html("span", { class: "gb-door gb-named" }),
      (/** @type {HTMLElement} */ node) => {
        if (node.textContent !== text) node.textContent = text;
        node.title = can.visit ? about : "";
      },
    );
  /** Changes the browser's selection at once and notifies Python; its later answer does not override a newer choice. */
  g.select = (wanted) => {
    const change = can.recompute ? wanted : (view.within?.(wanted, data, local) ?? wanted);
    Object.assign(local.sel, change);
    chosen = Math.max(Date.now(), chosen + 1);
    view.selected?.(g, data, local, change);
    // A single choice is sent at once; with a held key, one every 150 ms: each is a rerun of the page.
    clearTimeout(later);
    const wait = sentAt + 150 - Date.now();
    if (wait <= 0) tell();
    else {
      later = setTimeout(tell, wait);
      document.addEventListener("click", tellBefore, true);
    }
    g.redraw();
  };
  figure.choose = g.select;
  /** What the tip is of, as far as the pointer has said. @type {Element | null} */
  let tipped = null;
  // Drawn anew below the pointer, a part is never left: its tip goes with the next move.
  figure.addEventListener("pointermove", () => {
    if (tipped && !tipped.isConnected) tipBox.hidden = true;
  });
  figure.addEventListener("pointerleave", () => {
    tipBox.hidden = true;
  });
  g.tip = (node, text) => {
    const show = (/** @type {PointerEvent} */ event) => {
      tipped = node;
      tipBox.textContent = typeof text === "function" ? text(event) : text;
      tipBox.hidden = false;
      const box = figure.getBoundingClientRect();
      const zoom = figure.offsetWidth / box.width || 1; // the projector mode enlarges the page
      const own = node.getBoundingClientRect();
      const isSmall = own.height * zoom <= SMALL;
      const y = (/** @type {number} */ client) => (client - box.top) * zoom;
      const [top, left] = tipPlace(
        isSmall ? [y(own.top) - 4, y(own.bottom) + 6] : [y(event.clientY) - 8, y(event.clientY) + 16],
        (event.clientX - box.left) * zoom + 12,
        [tipBox.offsetWidth, tipBox.offsetHeight],
        [figure.offsetWidth, figure.offsetHeight],
      );
      tipBox.style.left = `${left}px`;
      tipBox.style.top = `${top}px`;
    };
    node.addEventListener("pointermove", /** @type {EventListener} */ (show));
    node.addEventListener("pointerleave", () => {
      tipBox.hidden = true;
    });
    return node;
  };
  /** Draws once in the next frame, however often it is called. */
  g.redraw = () => {
    if (!frame)
      frame = requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
  };
  /** Runs fn(0..1) over `ms`; at once when motion is reduced. Returns a function that stops it. */
  g.tween = (ms, fn) => {
    if (g.reduced || ms <= 0) {
      fn(1);
      return () => {};
    }
    const start = performance.now();
    let id = requestAnimationFrame(function step(now) {
      const t = clamp((now - start) / ms, 0, 1);
      fn(t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) ** 2);
      if (t < 1) id = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(id);
  };

  /** Applies `take` to the picture with all rows and columns: on the page some are scrolled out of view. */
  figure.whole = (take) => {
    const [kept, width] = [{ ...local }, g.width];
    const again = (/** @type {boolean} */ whole) => {
      Object.assign(g, { whole, width });
      stamp++;
      draw();
    };
    again(true);
    try {
      return take();
    } finally {
      for (const name of Object.keys(local)) if (!(name in kept)) delete local[name];
      Object.assign(local, kept);
      again(false);
    }
  };

  /** Where a part stands in the picture: the view says, or the shapes of that name. @type {(name: string) => PointBox | null} */
  function placeOf(name) {
    const said = view.points?.(g, data, local)[name];
    if (said) return said;
    const named = CSS.escape(name);
    const shapes = [...svg.querySelectorAll(`[data-point="${named}"], [data-part="${named}"]`)]
      .map((shape) => shape.getBoundingClientRect())
      .filter((box) => box.width && box.height);
    if (!shapes.length) return null;
    const [whole, zoom] = [svg.getBoundingClientRect(), figure.currentCSSZoom || 1];
    const [left, top] = [
      Math.min(...shapes.map((box) => box.left)),
      Math.min(...shapes.map((box) => box.top)),
    ];
    const [right, bottom] = [
      Math.max(...shapes.map((box) => box.right)),
      Math.max(...shapes.map((box) => box.bottom)),
    ];
    return [
      (left - whole.left) / zoom,
      (top - whole.top) / zoom,
      (right - left) / zoom,
      (bottom - top) / zoom,
    ];
  }
  /** Frames the part that a lesson points at; the rest steps back. */
  function pointed() {
    const box = point ? placeOf(point) : null;
    pointer.hidden = !box;
    figure.classList.toggle("gb-pointing", Boolean(box));
    scroller.style.overflow = box && (g.pictureWidth ?? g.width) <= g.width ? "visible" : "";
    if (!box) {
      delete figure.dataset.point;
      shown = "";
      return;
    }
    figure.dataset.point = point;
    const pad = 5; // around the part; what lies outside of the picture by more is cut off (glass.css)
    const [left, top] = [Math.max(-pad, box[0] - pad), Math.max(-pad, box[1] - pad)];
    const right = Math.min((g.pictureWidth ?? g.width) + pad, box[0] + box[2] + pad);
    const bottom = Math.min(g.height + pad, box[1] + box[3] + pad);
    Object.assign(pointer.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
    if (shown !== point) intoView(pointer, g.reduced);
    shown = point;
  }

  function draw() {
    if (!data || !g.width) return;
    const start = performance.now();
    seen = [];
    view.draw(g, data, local);
    const keep = new Set(seen);
    for (const [key, part] of parts)
      if (!keep.has(key)) {
        part.node.remove();
        parts.delete(key);
      }
    for (const [key, node] of overlays)
      if (!keep.has(`overlay ${key}`)) {
        node.remove();
        overlays.delete(key);
      }
    /** @type {Node | null} */
    let at = svg.firstChild;
    for (const key of seen) {
      const node = parts.get(key)?.node;
      if (!node) continue;
      if (node === at) at = at.nextSibling;
      else svg.insertBefore(node, at);
    }
    const w = g.pictureWidth ?? g.width;
    svg.setAttribute("width", String(w));
    svg.setAttribute("height", String(g.height));
    svg.setAttribute("viewBox", `0 0 ${w} ${g.height}`);
    figure.setAttribute("aria-label", view.describe(data, local));
    const ms = performance.now() - start;
    figure.dataset.state = JSON.stringify(view.state(data, local));
    figure.dataset.ms = ms.toFixed(2);
    figure.dataset.draws = String(Number(figure.dataset.draws ?? 0) + 1);
    pointed();
  }

  /**
   * Adopts Python's selection, unless it was sent before Python received our last choice (numbered by `n`).
   * @param {Record<string, any>} selection
   */
  function adopt({ n, ...said }) {
    if (n !== undefined && n < chosen && Date.now() - chosen < 30_000) return;
    Object.assign(local.sel, said);
  }
  function theme() {
    const style = getComputedStyle(parent);
    const ground = style.getPropertyValue("--st-background-color").trim();
    const given = /** @type {HTMLElement | null} */ (parent.closest("[data-theme]"))?.dataset.theme;
    const dark = given
      ? given === "dark"
      : /^#/.test(ground)
        ? hex(ground).reduce((a, b) => a + b) < 380
        : matchMedia("(prefers-color-scheme: dark)").matches;
    if (figure.dataset.theme && dark === g.dark) return false;
    g.dark = dark;
    figure.dataset.theme = dark ? "dark" : "light";
    g.clear();
    stamp++;
    return true;
  }
  const resize = new ResizeObserver(([entry]) => {
    const w = Math.floor(entry.contentRect.width);
    if (w && w !== g.width) {
      g.width = w;
      stamp++;
      draw();
    }
  });
  figure.recolour = () => {
    if (theme()) draw();
  };
  probe.addEventListener("transitionend", figure.recolour);
  // If the pressed element is redrawn before the release, the browser fires no click, so we fire one.
  /** @type {{target: Element, x: number, y: number} | null} */
  let pressed = null;
  svg.addEventListener(
    "pointerdown",
    ({ button, isPrimary, target, clientX: x, clientY: y }) => {
      pressed = button === 0 && isPrimary && target instanceof Element ? { target, x, y } : null;
    },
    true,
  );
  svg.addEventListener("pointerup", (event) => {
    const { clientX, clientY, pointerId, pointerType, target } = event;
    const lost =
      pressed && !pressed.target.isConnected && Math.hypot(clientX - pressed.x, clientY - pressed.y) < 4;
    pressed = null;
    if (lost)
      target?.dispatchEvent(
        new PointerEvent("click", {
          bubbles: true,
          cancelable: true,
          composed: true,
          clientX,
          clientY,
          pointerId,
          pointerType,
        }),
      );
  });
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control =
      event.target instanceof Element &&
      event.target !== figure &&
      event.target.closest("input, button, select, textarea");
    // A focused button of the picture handles Enter and Space; other keys are the picture's.
    if (control && (control.tagName !== "BUTTON" || event.key === " " || event.key === "Enter")) return;
    if (view.key?.(event, g, data, local)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  const receive = (/** @type {any} */ next, /** @type {Given["setTriggerValue"]} */ trigger, part = "") => {
    [send, point] = [trigger, part];
    const before = data;
    data = next;
    // A page may name its data: under the same name only the selection has changed, and the parts can stay.
    if (!before || next.stamp === undefined || next.stamp !== before.stamp) stamp++;
    if (next.selection) adopt(next.selection);
    Object.assign(local, view.init?.(next, local, before) ?? {});
    // In the page's own pixels, as the observer measures: bounding boxes are scaled by the projector mode.
    const w = Math.floor(figure.getBoundingClientRect().width / (figure.currentCSSZoom || 1)) || g.width;
    if (w !== g.width) {
      g.width = w;
      stamp++;
    }
    resize.observe(figure);
    theme();
    draw();
  };
  const release = () => {
    resize.disconnect();
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return { figure, receive, release };
}

/**
 * Returns the pointer's position in the picture's own pixels: the projector mode enlarges the page.
 * @param {Pick<Stage, "svg">} g
 * @param {{clientX: number, clientY: number}} event
 * @returns {[number, number]}
 */
export function pointerAt(g, event) {
  const box = g.svg.getBoundingClientRect();
  const zoom = Number(g.svg.getAttribute("width")) / box.width;
  return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
}

/**
 * Stores the result of `under` for the pointer in `local.hover` (null: nothing), and redraws when it changes.
 * @template Hover
 * @param {Stage} g
 * @param {{hover?: Hover | null}} local
 * @param {(event: PointerEvent) => Hover | null} under
 */
export function pointing(g, local, under) {
  const turn = (/** @type {Hover | null} */ hover) => {
    if (JSON.stringify(hover) === JSON.stringify(local.hover ?? null)) return;
    local.hover = hover;
    g.redraw();
  };
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") turn(under(event));
  });
  g.svg.addEventListener("pointerleave", () => turn(null));
}

/**
 * Creates a picture's export: Streamlit calls it for all new data; the stage and its local state are kept.
 * @template Data
 * @template {Local} [Kept=Local & Record<string, any>]
 * @template [Own=unknown]
 * @param {string} name
 * @param {View<Data, Kept, Own>} view
 * @returns {(given: Given<Data>) => () => void}
 */
export function mount(name, view) {
  /** @type {WeakMap<HTMLElement, ReturnType<typeof stage>>} */
  const stages = new WeakMap();
  return ({ data, parentElement, setTriggerValue, point, can = APP }) => {
    let made = stages.get(parentElement);
    if (!made || !parentElement.contains(made.figure)) {
      made = stage(name, view, parentElement, can);
      stages.set(parentElement, made);
    }
    const { receive, release } = made;
    receive(data, setTriggerValue, point);
    return release;
  };
}
