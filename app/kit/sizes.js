// Compact number formats: powers of ten, thousands, millions.

import { num } from "./shapes.js";

/** @type {Record<string, string>} */
const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raise = (/** @type {number} */ n) => [...String(n)].map((c) => SUPER[c] ?? c).join("");
/** 5.8 · 10²³. @param {number} v */
export function powered(v) {
  const [digits, power] = v.toExponential(1).split("e"); // rounded before the power is chosen: never 10.0
  return `${digits} · 10${raise(Number(power))}`;
}
/** @type {[unit: number, sign: string][]} */
const UNITS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];

/** A number of any size in few signs: 332k, 3M, 175B, 1.4T. @param {number} v */
export function sized(v, digits = 2) {
  if (!Number.isFinite(v)) return "";
  const rounded = Number(v.toPrecision(digits + 1));
  if (rounded >= 1e15 || (rounded > 0 && rounded < 1e-3)) return powered(v);
  for (const [unit, sign] of UNITS) {
    if (rounded >= unit) return `${Number((rounded / unit).toPrecision(digits + 1))}${sign}`;
  }
  return num(v, digits);
}
