// One step of an optimizer, written out with its numbers: lines of {symbol, rule, value, sum}, for one weight.

import { factor, power, set, sig } from "./layout.js";
import { pointAt } from "./tracks.js";

/** The lines of a step. n: {g, used, m, v, mHat, vHat, direction, before, after, m0, v0}; s: settings with `rate`. */
export function linesOf(kind, n, s, t) {
  const f = (x) => factor(sig(x));
  const lines = [{ id: "g", symbol: "g", rule: "the slope here", value: n.g, sum: "" }];
  const coupled = s.decay > 0 && ["sgd", "momentum", "adam"].includes(kind);
  if (coupled) lines.push({ id: "used", symbol: "g", rule: `g + ${set(s.decay)}·w`, value: n.used, sum: `${sig(n.g)} + ${set(s.decay)}·${f(n.before)}` });
  if (kind === "momentum") {
    const first = t === 1;
    lines.push({ id: "m", symbol: "b", rule: first ? "g: nothing came before" : `${set(s.beta)}·b + g`, value: n.m, sum: first ? sig(n.used) : `${set(s.beta)}·${f(n.m0)} + ${f(n.used)}` });
    if (s.nesterov) lines.push({ id: "direction", symbol: "d", rule: `g + ${set(s.beta)}·b`, value: n.direction, sum: `${sig(n.used)} + ${set(s.beta)}·${f(n.m)}` });
  } else if (kind === "adam" || kind === "adamw") {
    const [b1, b2] = [s.beta, s.beta2];
    const rest = (b) => set(Number((1 - b).toPrecision(6)));
    lines.push(
      { id: "m", symbol: "m", rule: `${set(b1)}·m + ${rest(b1)}·g`, value: n.m, sum: `${set(b1)}·${f(n.m0)} + ${rest(b1)}·${f(n.used)}` },
      { id: "v", symbol: "v", rule: `${set(b2)}·v + ${rest(b2)}·g²`, value: n.v, sum: `${set(b2)}·${f(n.v0)} + ${rest(b2)}·${f(n.used)}²` },
      { id: "mHat", symbol: "m̂", rule: `m / (1 − ${set(b1)}${power(t)})`, value: n.mHat, sum: `${sig(n.m)} / ${sig(1 - b1 ** t)}` },
      { id: "vHat", symbol: "v̂", rule: `v / (1 − ${set(b2)}${power(t)})`, value: n.vHat, sum: `${sig(n.v)} / ${sig(1 - b2 ** t)}` },
      { id: "direction", symbol: "d", rule: "m̂ / (√v̂ + ε)", value: n.direction, sum: `${sig(n.mHat)} / (√${sig(n.vHat)} + ${set(s.eps)})` });
  } else if (kind === "muon") {
    lines.push(
      { id: "m", symbol: "b", rule: `${set(s.beta)}·b + ${set(Number((1 - s.beta).toPrecision(6)))}·g`, value: n.m, sum: `${set(s.beta)}·${f(n.m0)} + ${set(Number((1 - s.beta).toPrecision(6)))}·${f(n.g)}` },
      { id: "direction", symbol: "o", rule: s.nesterov ? "g and b, made about 1 long" : "b, made about 1 long", value: n.direction, sum: "" });
  }
  const what = { sgd: "g", momentum: s.nesterov ? "d" : "b", adam: "d", adamw: "d", muon: "o" }[kind];
  const pulled = s.decay > 0 && (kind === "adamw" || kind === "muon");
  lines.push({
    id: "move", symbol: "w", rule: pulled ? `w − ${set(s.rate)}·${what} − ${set(s.rate)}·${set(s.decay)}·w` : `w − ${set(s.rate)}·${what}`, value: n.after,
    sum: `${sig(n.before)} − ${set(s.rate)}·${f(n.direction)}${pulled ? ` − ${set(s.rate)}·${set(s.decay)}·${f(n.before)}` : ""}`,
  });
  return lines;
}

/** The numbers of one coordinate (0 or 1) of a track at step k, from 1. */
export function numbersAt(track, k, axis) {
  const at = (row, column) => track.numbers[14 * (row - 1) + 2 * column + axis];
  const [g, used, m, v, mHat, vHat, direction] = Array.from({ length: 7 }, (_, column) => at(k, column));
  return {
    g, used, m, v, mHat, vHat, direction, before: pointAt(track, k - 1)[axis], after: pointAt(track, k)[axis],
    m0: k > 1 ? at(k - 1, 2) : 0, v0: k > 1 ? at(k - 1, 3) : 0,
  };
}
