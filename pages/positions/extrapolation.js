// Below the Positions picture: a shift as one matrix (shift.js), and what lies beyond the trained length (beyond.js).

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { num, unpack } from "../../app/kit/shapes.js";
import { drawBeyond } from "./extrapolation_beyond.js";
import { drawShift, small } from "./extrapolation_shift.js";

const moreView = {
  init(data) {
    return { over: null, length: null, task: null, matrix: unpack(data.matrix), tables: data.tables.map((one) => ({ moved: unpack(one.moved), after: unpack(one.after) })) };
  },
  draw(g, data, local) {
    g.part("shift", null, () => drawShift(g, data, local, { x: 0, y: 0, w: g.width }));
    const box = { x: 0, y: local.shiftEnd + 20, w: g.width };
    g.part("beyond", [box, local.over, local.length, local.task], () => drawBeyond(g, data, local, box));
    g.height = local.beyondEnd;
  },
  describe(data) {
    const i = data.charts[0].lengths.indexOf(12);
    return `A shift by ${data.by} positions as one matrix: ${data.tables.map((one) => `${one.name}, largest difference ${small(one.error)}`).join("; ")}. ` +
      `Trained on rows of up to ${counted(data.charts[0].trained, "letter")}, right on rows of 12: ${data.charts.map((chart) => `${chart.title}: ${chart.kinds.map((one) => `${one.name} ${num(100 * one.mean[i], 0)} %`).join(", ")}`).join("; ")}.`;
  },
  state(data) {
    return { by: data.by, kind: data.kind, task: data.task, mine: data.mine, tables: data.tables.map(({ name, error, rows }) => ({ name, error, rows })), angles: data.angles,
      charts: data.charts.map(({ task, trained, lengths, kinds }) => ({ task, trained, lengths, kinds: kinds.map(({ kind, mean }) => ({ kind, mean })) })) };
  },
};

export default mount("positions_extrapolation", moreView);
