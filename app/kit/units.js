// Numbers with their units: counts and bytes by powers of 1,000, times as people say them.

import { counted } from "./counts.js";
import { say } from "./say.js";
import { num, thousands } from "./shapes.js";

const SI_NAMES = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const BYTE_NAMES = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** @type {[least: number, each: number, said: string][]} */
const TIMES = [
  [3.156e7, 3.156e7, say("{count} years")],
  [172800, 86400, say("{count} days")],
  [7200, 3600, say("{count} hours")],
  [120, 60, say("{count} minutes")],
  [0.9995, 1, "{count} s"],
  [0.9995e-3, 1e-3, "{count} ms"],
  [0.9995e-6, 1e-6, "{count} µs"],
];

/** @type {(count: number, names: string[]) => [number, string]} */
function inUnits(count, names) {
  let [value, at] = [count, 0];
  while (value >= 999.5 && at < names.length - 1) {
    value /= 1000;
    at++;
  }
  return [value, names[at]];
}
/** Three digits, more before the point. @param {number} v */
export const threeDigits = (v) =>
  v >= 99.95 ? thousands(Math.round(v)) : v >= 9.995 ? num(v, 1) : num(v, 2);
/** Bytes: 15.6 MB, which is 15.6 million bytes. @param {number} count */
export function sizeOf(count) {
  const [value, name] = inUnits(count, BYTE_NAMES);
  return name === "B" ? `${thousands(Math.round(value))} B` : `${threeDigits(value)} ${name}`;
}
/** Anything else: 2.61 GFLOP. @param {number} count */
export function siOf(count, unit = "") {
  const [value, name] = inUnits(count, SI_NAMES);
  return `${!name && Number.isInteger(value) ? value : threeDigits(value)} ${name}${unit}`.trim();
}
/** Seconds: 1.30 ms, 4.50 hours, 3.10 years. @param {number} seconds */
export function timeOf(seconds) {
  for (const [least, each, said] of TIMES)
    if (seconds >= least) return said.replace("{count}", threeDigits(seconds / each));
  return `${num(seconds * 1e9, 2)} ns`;
}
/**
 * All digits of a count, or `brief` where a number of the browser no longer holds them (from 2 ** 53 on).
 * @type {(n: number, brief: string) => string}
 */
export const exactOf = (n, brief) => (Number.isSafeInteger(n) ? thousands(n) : brief);
/** 1 text, 2 texts. @type {(n: number, name: string) => string} */
export const manyOf = (n, name) => counted(n, name);
