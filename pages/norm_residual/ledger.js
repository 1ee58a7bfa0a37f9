// The ledger: a row for each line, what it wrote and how it lies to the sum; under the rule, the sum itself.

import { counted } from "../../app/kit/counts.js";
import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  html,
  inLines,
  label,
  measure,
  num,
  percent,
  tiny,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { COLOUR, chosenOf, inkOf, nameOf, normStep, placeOf, shortOf, stepNow, written } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Lettering, Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Line, Local, Part, Raised } from "./figure.js"
 * @import { Layout, Span } from "./layout.js"
 *
 * What a row of the ledger shows; the sum's has no length of its own.
 * @typedef {{norm: number | null, running: number, cosine: number, logit: number | null}} Sizes
 */

/** @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawRail(g, data, local, at) {
  const { chips } = at;
  const hot = g.can.recompute ? "gb-hot" : null; // another token is another ledger
  if (chips) {
    g.part("chips", null, () =>
      data.tokens.map((token, i) => {
        const p = chips.places[i];
        const node = chip(g, p.x + 0.5, p.y + 14, p.w - 1, token.text, {
          id: token.id,
          selected: i === data.row,
          faint: token.special,
          height: 28,
        });
        node.setAttribute("data-token", String(i));
        if (hot) node.classList.add(hot);
        return node;
      }),
    );
    return;
  }
  if (!at.rail) return;
  const { rows, chip: w, top } = at.rail;
  const place = placeOf(data, chosenOf(data, local));
  const many = data.tokens.length > rows;
  const room = many ? rows - 2 : rows;
  const first = many ? clamp(data.row - Math.floor(room / 2), 0, data.tokens.length - room) : 0;
  const shown = Math.min(data.tokens.length, room);
  const pitch = Math.min(34, (at.height - 60) / (shown + (many ? 2 : 0)));
  const most = Math.max(...place.scales, 1e-30);
  const y = (/** @type {number} */ k) => top + (many ? 20 : 0) + (k + 0.5) * pitch;
  g.part("rail", [place.name, first], () => [
    label(0, 14, say("Tokens"), { fill: "ink", weight: 600 }),
    label(0, 30, say("bar: size at the norm"), { fill: "ink3" }),
    many &&
      first > 0 &&
      label(2, top + 8, say("{count} before", { count: first }), {
        fill: "ink2",
        class: hot,
        "data-token": first - 1,
      }),
    many &&
      first + shown < data.tokens.length &&
      label(2, y(shown) + 4, say("{count} after", { count: data.tokens.length - first - shown }), {
        fill: "ink2",
        class: hot,
        "data-token": first + shown,
      }),
    Array.from({ length: shown }, (_, k) => {
      const i = first + k;
      const token = data.tokens[i];
      const node = h(
        "g",
        { class: hot, "data-token": i },
        chip(g, 0.5, y(k), w - 1, token.text, {
          id: token.id,
          selected: i === data.row,
          faint: token.special,
          height: Math.min(24, pitch - 3),
          size: pitch < 20 ? 12 : 13,
        }),
        h("rect", {
          x: w + 6,
          y: y(k) - 3,
          width: Math.max(1, (32 * place.scales[i]) / most),
          height: 6,
          rx: 2,
          fill: css(i === data.row ? "accent" : "res"),
          opacity: i === data.row ? 1 : 0.75,
        }),
      );
      return g.tip(
        node,
        say("{token}: what comes in here has size {size}", {
          token: visible(token.text),
          size: num(place.scales[i], 3),
        }),
      );
    }),
  ]);
}

/** @param {Stage} g @param {Data} data @param {Layout} at */
export function drawHeads(g, data, at) {
  /** @type {(box: number[] | null, title: string, about: string) => Shapes} */
  const head = (box, title, about) =>
    box && [
      label(box[0], 14, title, { fill: "ink", weight: 600 }),
      label(box[0], 30, about, { fill: "ink3" }),
    ];
  const token = data.tokens[data.row].text;
  const shown = Math.min(data.width, 128);
  const { chips } = at;
  if (chips) {
    g.part("heads", null, () => [
      label(0, chips.height + 22, say("The ledger of"), { fill: "ink", weight: 600, size: 14 }),
      h(
        "text",
        {
          x: measure(`${say("The ledger of")} `, 14, false) * 1.06 + 4,
          y: chips.height + 22,
          "font-family": MONO,
          "font-size": 14,
          "font-weight": 700,
          fill: css("accent"),
        },
        tokenSpans(token, 140, 14),
      ),
      label(at.size[0], at.top - 10 - at.hint, say("length; sum so far"), { fill: "ink3" }),
      label(at.cosine[0] + at.cosine[1], at.top - 10 - at.hint, say("cosine"), {
        anchor: "end",
        fill: "ink3",
      }),
    ]);
    return;
  }
  g.part("heads", null, () => [
    head(
      [at.names[0] + 16],
      say("Who wrote"),
      fit(say("to {token}", { token: visible(token) }), at.names[1] - 20, 12, false),
    ),
    head(
      at.strip,
      say("What"),
      data.width > shown
        ? say("{shown} of {numbers}", { shown, numbers: counted(data.width, "number") })
        : counted(data.width, "number"),
    ),
    head(at.size, say("Length"), say("grey: the sum so far")),
    head(at.cosine, say("Along the sum"), say("cosine, −1 to 1")),
    at.logit &&
      data.top && [
        label(at.logit[0], 14, say("Logit of"), { fill: "ink", weight: 600 }),
        h(
          "text",
          {
            x: at.logit[0],
            y: 30,
            "font-family": MONO,
            "font-size": 12,
            fill: css("accent"),
            direction: "ltr",
          },
          tokenSpans(data.top.text, at.logit[1], 12),
        ),
      ],
  ]);
}

/**
 * Square root of its share of the strongest, with its sign: small lines keep their colours beside large ones.
 * @param {number} v @param {number} most
 */
const shade = (v, most) => Math.sign(v) * Math.sqrt(Math.min(1, Math.abs(v) / most));
/** @param {Layout} at @param {number} i */
const rowY = (at, i) =>
  i === at.count
    ? at.top + (at.rows + 0.5) * at.pitch + 8 + at.hint
    : at.top + (i - at.first + 0.5) * at.pitch;
/**
 * The lines in view that are written: their numbers.
 * @param {Layout} at @param {number} count
 */
const inView = (at, count) =>
  Array.from({ length: Math.max(0, Math.min(count, at.first + at.rows) - at.first) }, (_, k) => at.first + k);

/**
 * Scroll until the chosen line is in view, whenever it is another one than when the ledger was last drawn.
 * @param {Data} data @param {Local} local @param {Layout} at
 */
export function reveal(data, local, at) {
  const chosen = chosenOf(data, local);
  const most = data.lines.length - at.rows;
  const now = [chosen, at.rows].join();
  let first = local.first ?? 0;
  if (now !== local.revealed && chosen < data.lines.length)
    first = clamp(first, chosen - at.rows + 1, chosen);
  local.revealed = now;
  at.first = clamp(first, 0, most);
  local.first = at.first;
}
/** @param {Stage} g @param {Local} local @param {number} first */
export function scrollTo(g, local, first) {
  const to = clamp(first, 0, local.at.count - local.at.rows);
  if (to === local.first) return false;
  local.first = to;
  g.redraw();
  return true;
}

/**
 * What is out of view: how many lines, and, once all are written, what they make of the sum; pressed, they come in.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at @param {boolean} whole
 */
function overLines(g, data, local, at, whole) {
  if (!at.hint) return;
  const last = at.first + at.rows;
  /** @type {(key: string, list: Line[], top: number, to: number, said: (lines: string, share: string) => string) => unknown} */
  const sign = (key, list, top, to, said) =>
    list.length &&
    g.overlay(
      key,
      { left: at.names[0] + 12, top, height: at.hint },
      () =>
        html("button", {
          type: "button",
          class: "gb-rows",
          click: () => scrollTo(g, local, (local.first ?? 0) + to),
        }),
      (node) => {
        node.textContent = said(
          counted(list.length, "line"),
          percent(
            list.reduce((sum, one) => sum + one.share, 0),
            1,
          ),
        );
      },
    );
  sign("lines above", data.lines.slice(0, at.first), at.top - at.hint - 1, -at.rows, (lines, share) =>
    whole
      ? say("{lines} above, together {share} of the sum", { lines, share })
      : say("{lines} above", { lines }),
  );
  sign("lines below", data.lines.slice(last), at.top + at.rows * at.pitch + 1, at.rows, (lines, share) =>
    whole
      ? say("{lines} below, together {share} of the sum", { lines, share })
      : say("{lines} further down", { lines }),
  );
  g.part("thumb", [at.first, at.pitch], () => {
    const [tall, share] = [at.rows * at.pitch, 1 / data.lines.length];
    return h("rect", {
      x: at.x + at.w + 2,
      y: at.top + at.first * share * tall,
      width: 4,
      height: at.rows * share * tall,
      rx: 2,
      fill: css("ink3"),
      opacity: 0.5,
    });
  });
}

/**
 * A length in about three digits.
 * @param {number} v
 */
export const long = (v) => (v === 0 ? "0" : v < 0.00005 ? "<.0001" : num(v, v >= 10 ? 1 : v >= 0.1 ? 2 : 4));

/**
 * One row's bars: its length over the sum's so far, its cosine, its part of the logit.
 * @param {Layout} at @param {number} y @param {Sizes} one @param {string} colour @param {number} most
 * @param {{low: number, high: number}} mostLogit
 */
function bars(at, y, one, colour, most, mostLogit) {
  const tall = clamp(at.pitch * 0.32, 4, 10);
  const numbers = at.phone ? 50 : 46;
  const room = at.size[1] - numbers;
  const mid = at.cosine[0] + (at.cosine[1] - 38) / 2;
  const half = (at.cosine[1] - 42) / 2;
  const out = [
    one.norm !== null &&
      h("rect", {
        x: at.size[0],
        y: y - tall - 0.5,
        width: Math.max(1, (room * one.norm) / most),
        height: tall,
        rx: 1.5,
        fill: css(colour),
      }),
    h("rect", {
      x: at.size[0],
      y: y + 1,
      width: Math.max(1, (room * one.running) / most),
      height: Math.max(3, tall * 0.5),
      rx: 1.5,
      fill: css("res"),
      opacity: 0.55,
    }),
    label(at.size[0] + at.size[1], y + 4, long(one.norm ?? one.running), {
      anchor: "end",
      mono: true,
      fill: "ink",
    }),
    half > 12 && [
      h("path", { d: `M${mid},${y - at.pitch / 2}v${at.pitch}`, stroke: css("line") }),
      h("rect", {
        x: Math.min(mid, mid + half * one.cosine),
        y: y - tall / 2,
        width: Math.max(1, Math.abs(half * one.cosine)),
        height: tall,
        fill: css(one.cosine < 0 ? "neg" : "pos"),
      }),
    ],
    label(at.cosine[0] + at.cosine[1], y + 4, num(one.cosine, 2), {
      anchor: "end",
      mono: true,
      fill: "ink2",
    }),
  ];
  if (!at.logit || one.logit === null) return out;
  const zero = at.logit[0] + (at.logit[1] - 44) * (mostLogit.low / (mostLogit.low + mostLogit.high));
  const wide = ((at.logit[1] - 44) * Math.abs(one.logit)) / (mostLogit.low + mostLogit.high);
  return [
    ...out,
    h("path", { d: `M${zero},${y - at.pitch / 2}v${at.pitch}`, stroke: css("line") }),
    h("rect", {
      x: one.logit < 0 ? zero - wide : zero,
      y: y - tall / 2,
      width: Math.max(1, wide),
      height: tall,
      fill: css(one.logit < 0 ? "neg" : "pos"),
    }),
    label(at.logit[0] + at.logit[1], y + 4, num(one.logit, 2), { anchor: "end", mono: true, fill: "ink2" }),
  ];
}

/** All of a line, for its tip. @param {Data} data @param {Line} one */
function tipOf(data, one) {
  const lengths = { line: nameOf(one), length: num(one.norm, 3), written: num(one.written, 3) };
  return [
    changed(data, one)
      ? say("{line}: {length} long, written {written} long", lengths)
      : say("{line}: {length} long", lengths),
    say("the sum is then {length} long", { length: num(one.running, 3) }),
    say("cosine {cosine}, its share of the sum {share}%", {
      cosine: num(one.cosine, 4),
      share: num(100 * one.share, 1),
    }),
    ...(one.logit === null || !data.top
      ? []
      : [say("says {logit} to {token}", { logit: num(one.logit, 3), token: visible(data.top.text) })]),
  ].join("\n");
}
/** How near the lines' sum is to what the model's pass ends in. @param {Data} data @param {boolean} phone */
function ownSaid(data, phone) {
  if (phone) return say("the model’s own last row: off by {error}", { error: tiny(data.error) });
  const own = say("the model’s own last row: {length} long, off by {error} of it", {
    length: long(data.length),
    error: tiny(data.error),
  });
  return data.direct && Math.abs(data.rest) > 0.005
    ? `${own}; ${say("biases add {rest} to the logit", { rest: num(data.rest, 2) })}`
    : own;
}

/** @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawLedger(g, data, local, at) {
  const [n, count, chosen] = [data.lines.length, written(data, local), chosenOf(data, local)];
  const whole = count === n;
  const most = Math.max(...data.lines.map((one) => Math.max(one.norm, one.running)), 1e-30);
  const said = data.lines.map((one) => one.logit ?? 0);
  const mostLogit = {
    low: Math.max(1e-30, -Math.min(...said, 0)),
    high: Math.max(1e-30, ...said, whole ? (data.top?.logit ?? 0) : 0),
  };
  const { cols } = local;
  const spread = Array.from(local.a.vectors, Math.abs).sort((a, b) => a - b);
  const strong = spread[Math.floor(spread.length * 0.99)] || 1e-30;
  /** @type {(values: Float32Array, from: number) => string} */
  const strip = (values, from) =>
    heat(values.subarray(from, from + cols), 1, cols, (v) => g.signedRgb(shade(v, strong), 1));
  const tall = clamp(at.pitch * 0.62, 8, 20);
  /** @type {(i: number, y: number, name: string, part: Part | null, one: Sizes, values: Float32Array, from: number, colour: string) => SVGGElement} */
  const row = (i, y, name, part, one, values, from, colour) =>
    h(
      "g",
      { class: "gb-hot", "data-line": i },
      h("rect", {
        x: at.x + (at.phone ? 0 : 14),
        y: y - at.pitch / 2,
        width: at.w - (at.phone ? 0 : 14),
        height: at.pitch,
        rx: 4,
        fill: i === chosen ? css("accent-soft") : "transparent",
      }),
      label(at.names[0] + 16, y + 4, fit(name, at.names[1] - 18, 12, true), {
        mono: true,
        fill: i === chosen ? "accent" : part ? inkOf(part) : "ink",
        weight: i === chosen || !part ? 700 : 500,
      }),
      at.strip && [
        heatImage(at.strip[0], y - tall / 2, at.strip[1], tall, strip(values, from)),
        h("rect", {
          x: at.strip[0] - 0.5,
          y: y - tall / 2 - 0.5,
          width: at.strip[1] + 1,
          height: tall + 1,
          rx: 2,
          fill: "none",
          stroke: css(colour),
          "stroke-opacity": 0.6,
        }),
      ],
      bars(at, y, one, colour, most, mostLogit),
    );
  g.part("ledger", [count, chosen, at.pitch, at.first], () => [
    inView(at, count)
      .map((i) => ({ i, one: data.lines[i] }))
      .map(({ i, one }) =>
        g.tip(
          row(i, rowY(at, i), shortOf(one), one.part, one, local.a.vectors, i * cols, COLOUR[one.part]),
          tipOf(data, one),
        ),
      ),
    h("path", {
      d: `M${at.x + (at.phone ? 0 : 14)},${rowY(at, n) - at.pitch / 2 - 4}h${at.w - (at.phone ? 0 : 14)}`,
      stroke: css("ink3"),
    }),
    row(
      n,
      rowY(at, n),
      whole ? say("= the sum") : say("sum so far"),
      null,
      {
        norm: null,
        running: whole ? data.length : data.lines[count - 1].running,
        cosine: whole ? 1 : local.along[count - 1],
        logit: whole && data.direct && data.top ? data.top.logit : null,
      },
      whole ? local.a.final : local.a.sums,
      whole ? 0 : (count - 1) * cols,
      "ink3",
    ),
  ]);
  g.part(
    "own",
    [whole],
    () =>
      whole && label(at.names[0] + (at.phone ? 0 : 16), at.own, ownSaid(data, at.phone), { fill: "ink3" }),
  );
  overLines(g, data, local, at, whole);
  g.part("stream", [count, at.first], () => drawStream(data, at, count, most));
}

/**
 * The stream itself: it runs down past the lines, and each line is added to it.
 * @param {Data} data @param {Layout} at @param {number} count @param {number} most
 */
function drawStream(data, at, count, most) {
  const n = data.lines.length;
  const x = at.stream;
  const thick = (/** @type {number} */ length) => clamp((9 * length) / most, 1.5, 9);
  /** @type {Shapes[]} */
  const out = [];
  const shown = inView(at, count);
  if (at.first && shown.length)
    out.push(
      h("path", {
        d: `M${x},${at.top - 14}V${rowY(at, at.first)}`,
        stroke: css("res"),
        "stroke-width": thick(data.lines[at.first - 1].running),
      }),
    );
  shown.forEach((i, k) => {
    const [from, to] = [rowY(at, i), k + 1 < shown.length ? rowY(at, i + 1) : rowY(at, n)];
    out.push(
      h("path", {
        d: `M${x},${from}V${to - (k + 1 < shown.length ? 0 : 4)}`,
        stroke: css("res"),
        "stroke-width": thick(data.lines[i].running),
      }),
    );
  });
  const r = clamp(at.pitch * 0.2, 3.5, 5.5);
  shown.forEach((i) => {
    const [y, one] = [rowY(at, i), data.lines[i]];
    out.push(
      h("circle", {
        cx: x,
        cy: y,
        r,
        fill: css(i ? "bg" : COLOUR[one.part]),
        stroke: css(COLOUR[one.part]),
        "stroke-width": 1.5,
      }),
    );
    if (i)
      out.push(
        h("path", {
          d: `M${x - r + 2},${y}h${2 * r - 4}M${x},${y - r + 2}v${2 * r - 4}`,
          stroke: css(inkOf(one.part)),
          "stroke-width": 1.2,
        }),
      );
  });
  out.push(
    h("path", {
      d: `M${x - 5},${rowY(at, n) - 8}l5,7l5,-7`,
      fill: "none",
      stroke: css("ink2"),
      "stroke-width": 1.5,
    }),
  );
  return out;
}

// ---------------------------------------------------------------- the chosen line in words

/** @param {string} text */
const b = (text, name = "ink") =>
  h("tspan", { "font-family": MONO, "font-weight": 600, fill: css(name) }, text);
/** @param {Raised[]} list @param {number} room */
const tokens = (list, room) =>
  list.map((one, i) => [
    i ? ", " : "",
    h("tspan", { "font-family": MONO, fill: css("ink"), direction: "ltr" }, tokenSpans(one.text, room, 12)),
    ` ${one.value > 0 ? "+" : ""}${num(one.value, 2)}`,
  ]);

/**
 * What the page can say of the chosen line, as lists of spans, a list a line of text; narrow: more and shorter lines.
 * @param {Data} data @param {Local} local @param {number} room
 */
function saidOf(data, local, room) {
  const narrow = room < 520;
  const chosen = chosenOf(data, local);
  if (chosen === data.lines.length) {
    /** @type {Shapes[][]} */
    const out = [
      pieces(say("The {lines} add up to a stream {length}."), {
        lines: b(counted(data.lines.length, "line")),
        length: b(say("{length} long", { length: long(data.length) })),
      }),
      [
        narrow
          ? say("Nothing but rounding is missing.")
          : say("The model’s pass ends in the same numbers: nothing but rounding is missing."),
      ],
    ];
    if (data.direct && data.top)
      out.push(
        pieces(
          Math.abs(data.rest) > 5e-6
            ? say("{token} has logit {logit}: the lines say {said}, biases {rest}.")
            : say("{token} has logit {logit}: the lines say {said}."),
          {
            token: b(visible(data.top.text)),
            logit: num(data.top.logit, 2),
            said: num(data.top.logit - data.rest, 2),
            rest: num(data.rest, 2),
          },
        ),
      );
    return [...out, ...whyNot(data, room)];
  }
  const one = data.lines[chosen];
  /** @type {Shapes[]} */
  const adds = pieces(say("{line} adds {numbers}, {length}."), {
    line: b(nameOf(one), inkOf(one.part)),
    numbers: b(counted(data.width, "number")),
    length: b(say("{length} long", { length: long(one.norm) })),
  });
  /** @type {Shapes[]} */
  const then = pieces(say("The sum is then {length} long."), { length: b(long(one.running)) });
  const out = narrow ? [adds, then] : [[adds, " ", then]];
  if (changed(data, one))
    out.push(
      pieces(
        narrow
          ? say("Written {before} long; norms made it this.")
          : say("It was written {before} long; a norm that all rows pass made it {after} long."),
        { before: b(long(one.written)), after: b(long(one.norm)) },
      ),
    );
  if (normStep(data, local) >= 0)
    out.push(
      pieces(pointsSaid(one.cosine >= 0, narrow), {
        cosine: b(num(one.cosine, 2)),
        share: b(percent(one.share, 1)),
      }),
    );
  if (data.direct && one.up.length) {
    /** @type {Record<string, Shapes>} */
    const moved = {
      raised: tokens(one.up.slice(0, narrow ? 2 : 3), 70),
      lowered: tokens(one.down.slice(0, 2), 70),
    };
    out.push(
      ...(narrow
        ? [pieces(say("It raises most {raised},"), moved), pieces(say("and lowers {lowered}."), moved)]
        : [pieces(say("It raises most {raised}; lowers {lowered}."), moved)]),
    );
  }
  return [...out, ...whyNot(data, room)];
}
/** How a line lies to the sum. @param {boolean} along @param {boolean} narrow */
function pointsSaid(along, narrow) {
  if (narrow)
    return along
      ? say("It points along the final sum, {share} of it.")
      : say("It points against the final sum, {share} of it.");
  return along
    ? say("It points along the final sum (cosine {cosine}) and makes {share} of it.")
    : say("It points against the final sum (cosine {cosine}) and makes {share} of it.");
}
/**
 * Why there are no logits of each line.
 * @param {Data} data @param {number} room
 */
const whyNot = (data, room) =>
  data.direct
    ? []
    : inLines(say("No logits here: {why}.", { why: data.why }), room - 16).map((line) => [
        h("tspan", { fill: css("ink3") }, line),
      ]);
/**
 * Whether norms that came later have changed the line.
 * @param {Data} data @param {Line} one
 */
export const changed = (data, one) => data.rescaled && Math.abs(one.written - one.norm) > 1e-6 * one.norm;

/** @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawCard(g, data, local, at) {
  const { x, y } = at.card;
  g.part("card", [stepNow(local), chosenOf(data, local)], () => [
    saidOf(data, local, at.card.w).map((spans, i) =>
      h(
        "text",
        { x: x + (at.phone ? 0 : 16), y: y + 18 * i, "font-size": 12.5, fill: css("ink2") },
        ...spans,
      ),
    ),
  ]);
}
