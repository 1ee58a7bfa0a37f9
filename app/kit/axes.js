// What stands at an axis: round numbers and their names. By hand, since d3-scale would bring five modules for these lines.

import { clamp, thousands } from "./shapes.js";

/**
 * The round number, 1, 2 or 5 times a power of ten, that is next above `least` (or is it).
 * @param {number} least
 */
export function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((m) => m * power >= least) ?? 10);
}
/**
 * About `count` round numbers between low and high: 1, 2 or 5 times a power of ten apart.
 * @type {(low: number, high: number, count: number) => {ticks: number[], step: number}}
 */
export function roundTicks(low, high, count) {
  const step = roundStep(0.99 * ((high - low) / Math.max(1, count) || 1));
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-6) * step; at <= high + step * 1e-6; at += step)
    ticks.push(Math.abs(at) < step * 1e-6 ? 0 : at);
  return { ticks, step };
}
/**
 * The same on a logarithmic axis: 1 and 3 of every power of ten, or the powers only where there are many.
 * @type {(low: number, high: number) => {ticks: number[], step: number}}
 */
export function logTicks(low, high) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const ticks = [];
  for (let power = from; power <= to; power++)
    for (const m of to - from > 3 ? [1] : [1, 3]) ticks.push(m * 10 ** power);
  return { ticks: ticks.filter((at) => at >= low * 0.999 && at <= high * 1.001), step: 0 };
}
/** A number as short as an axis wants it: 46,400 -> 46k, 0.00081 -> 8.1e−4, 2.5 -> 2.5. @param {number} value */
export function brief(value, step = 0) {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const trim = (/** @type {number} */ x, /** @type {number} */ digits) => String(Number(x.toFixed(digits)));
  if (size === 0) return "0";
  if (size >= 1e9) return `${sign}${trim(size / 1e9, 1)}G`;
  if (size >= 1e6) return `${sign}${trim(size / 1e6, 1)}M`;
  if (size >= 1e4) return `${sign}${trim(size / 1e3, 1)}k`;
  if (size >= 1000) return sign + thousands(Math.round(size));
  if (size < 0.01) {
    const [digits, power] = size.toExponential(1).split("e");
    return `${sign}${digits.replace(".0", "")}e${power.replace("-", "−").replace("+", "")}`;
  }
  return sign + trim(size, step ? clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 4) : size >= 10 ? 1 : 3);
}
