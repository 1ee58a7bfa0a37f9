// A batch as a table: a row a text, a cell a token shaded by its loss, the padding hatched; and the mean over all.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  css,
  fit,
  h,
  inLines,
  label,
  num,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 *
 * A token of a row, padding or not, and its loss in nats.
 * @typedef {{text: string, loss: number, pad: boolean}} Cell
 */
/**
 * Texts of one length, filled up with padding, as Python sends them (`record` in batch.py). Losses are in nats.
 * @typedef {object} Data
 * @property {{cells: Cell[], mean: number | null, count: number}[]} rows `count` tokens of each score
 * @property {"ignored" | "counted"} padding
 * @property {string} pad the token that fills rows up
 * @property {number} sum of all that scores
 * @property {number} count
 * @property {number} pads how many tokens are padding
 * @property {number} padSum
 * @property {number} mean over the tokens that score
 * @property {number} counted over the padding, too
 * @property {number} rowMean of the rows' means
 */

const CELL = 44; // the height of a row
/** @type {(g: Stage, loss: number, most: number) => string} */
const shade = (g, loss, most) => g.sequential(0.6 * Math.min(loss, most), most, "accent");

/**
 * What the rows come to, in sentences: each with the number in it that counts.
 * @type {(data: Data, counts: boolean) => [line: string, number: string][]}
 */
function said(data, counts) {
  const { pads, count } = data;
  const left =
    pads === 0
      ? say("No row needs padding.")
      : pads === 1
        ? say("1 padding token is left out.")
        : say("{pads} padding tokens are left out.", { pads: thousands(pads) });
  const [all, shown] = counts ? [data.sum + data.padSum, data.counted] : [data.sum, data.mean];
  const first = counts
    ? say(
        "Counted with the padding: {all} ÷ {count} = {shown} nats. Guessing {pad} after a text’s end teaches nothing.",
        { all: num(all, 2), count: count + pads, shown: num(shown, 3), pad: visible(data.pad) },
      )
    : `${say("All losses ÷ all tokens: {all} ÷ {count} = {shown} nats.", { all: num(all, 2), count, shown: num(shown, 3) })} ${left}`;
  const rows = num(data.rowMean, 3);
  const last = counts
    ? say("Without the padding it is {mean}.", { mean: num(data.mean, 3) })
    : pads
      ? say("With the padding it would be {counted}.", { counted: num(data.counted, 3) })
      : "";
  /** @type {[line: string, number: string]} */
  const between = [
    say(
      "Mean of the rows’ means: {rows}: there a short text counts as much as a long one. Training takes the first.",
      { rows },
    ),
    rows,
  ];
  return [[first, num(shown, 3)], between, ...(last ? [/** @type {[string, string]} */ ([last, ""])] : [])];
}
/** A line with one number of it in the accent. @type {(line: string, number: string) => (string | SVGElement)[]} */
function marked(line, number) {
  const at = number ? line.indexOf(number) : -1;
  if (at < 0) return [line];
  return [
    line.slice(0, at),
    h("tspan", { "font-family": MONO, "font-weight": 700, fill: css("accent") }, number),
    line.slice(at + number.length),
  ];
}

/** @type {View<Data, Local>} */
const batchView = {
  draw(g, data) {
    const phone = isPhone(g.width);
    const most = Math.max(
      4,
      ...data.rows.flatMap((row) =>
        row.cells.filter((c) => !c.pad || data.padding === "counted").map((c) => c.loss),
      ),
    );
    const n = Math.max(1, data.rows[0]?.cells.length ?? 1);
    const side = 130;
    // On a phone a row of the batch goes on in the next line, and its mean stands below it; on a desk it is one line.
    const per = phone ? Math.max(1, Math.floor((g.width - 38) / 48)) : n;
    const w = phone ? (g.width - 38) / per : Math.max(34, Math.min(72, (g.width - side) / n));
    const across = phone ? g.width : Math.max(g.width, Math.ceil(w * n + side));
    g.pictureWidth = across;
    const deep = Math.ceil(n / per) * (CELL + 4) + (phone ? 22 : 0);
    const bottom = 26 + data.rows.length * deep;
    const meanX = phone ? g.width : 38 + w * n + 88;
    const counts = data.padding === "counted";
    g.part("batch heads", null, () => [
      label(0, 14, say("row"), { fill: "ink3" }),
      label(
        38,
        14,
        fit(say("each cell: a token and its loss in nats; redder is larger"), g.width - 38, 12, false),
        { fill: "ink3" },
      ),
      !phone && label(meanX, 14, say("row’s mean"), { anchor: "end", fill: "ink3" }),
    ]);
    g.part("batch rows", null, () =>
      data.rows.map((row, r) => {
        const top = 26 + r * deep;
        const meanY = phone ? top + deep - 8 : top + CELL / 2 + 4;
        return [
          label(8, top + CELL / 2 + 4, r, { mono: true, fill: "ink3" }),
          row.cells.map((cell, i) => {
            const [x, y] = [38 + (i % per) * w, top + Math.floor(i / per) * (CELL + 4)];
            const ignored = cell.pad && !counts;
            const node = h(
              "g",
              { "data-cell": `${r}.${i}` },
              h("rect", {
                x: x + 1,
                y,
                width: w - 2,
                height: CELL,
                rx: 4,
                fill: ignored ? css("wash") : shade(g, cell.loss, most),
                stroke: css("line"),
                "stroke-dasharray": cell.pad ? "3 3" : null,
              }),
              h(
                "text",
                {
                  x: x + w / 2,
                  y: y + 18,
                  "text-anchor": "middle",
                  "font-family": MONO,
                  "font-size": 12,
                  direction: "ltr",
                  fill: css(ignored ? "ink3" : "ink"),
                },
                tokenSpans(cell.text, w - 6, 12),
              ),
              label(x + w / 2, y + 36, ignored ? "–" : num(cell.loss, w < 40 ? 1 : 2), {
                anchor: "middle",
                mono: true,
                fill: ignored ? "ink3" : "ink",
              }),
            );
            return g.tip(
              node,
              cell.pad
                ? ignored
                  ? say("padding, {token}: does not score", { token: visible(cell.text) })
                  : say("padding, {token}: would cost {loss} nats", {
                      token: visible(cell.text),
                      loss: num(cell.loss, 3),
                    })
                : `${visible(cell.text)}\n${num(cell.loss, 3)} nats`,
            );
          }),
          phone && label(38, meanY, say("row’s mean"), { fill: "ink3" }),
          label(meanX, meanY, row.mean === null ? "–" : num(row.mean, 3), {
            anchor: "end",
            mono: true,
            fill: "ink",
          }),
        ];
      }),
    );
    const words = said(data, counts);
    const lines = words.map(([text]) => inLines(text, Math.min(g.width, across) - 38 - (phone ? 0 : 40), 13));
    g.height = bottom + 8 + 20 * lines.flat().length + 8 * lines.length;
    g.part("batch foot", [lines], () => {
      let y = bottom + 18;
      /** @type {SVGElement[]} */
      const out = [h("path", { d: `M0,${bottom}H${across}`, stroke: css("line") })];
      lines.forEach((broken, i) => {
        for (const line of broken) {
          out.push(
            h(
              "text",
              { x: phone ? 0 : 38, y, "font-size": 13, fill: css("ink2") },
              marked(line, words[i][1]),
            ),
          );
          y += 20;
        }
        y += 4;
      });
      return out;
    });
  },

  describe(data) {
    const counts = data.padding === "counted";
    const values = {
      texts: counted(data.rows.length, "text"),
      tokens: counted(data.count, "token"),
      pads: data.pads,
      loss: num(counts ? data.counted : data.mean, 3),
    };
    return [
      counts
        ? say(
            "A batch of {texts}, {tokens} that score and {pads} of padding, counted. Mean loss {loss} nats.",
            values,
          )
        : say(
            "A batch of {texts}, {tokens} that score and {pads} of padding, ignored. Mean loss {loss} nats.",
            values,
          ),
      ...data.rows.map((row, i) => {
        const said = { row: i, tokens: counted(row.count, "token"), mean: num(row.mean ?? 0, 3) };
        return row.mean === null
          ? say("Row {row}: {tokens}, mean none.", said)
          : say("Row {row}: {tokens}, mean {mean}.", said);
      }),
    ].join(" ");
  },

  state(data) {
    return {
      padding: data.padding,
      mean: data.mean,
      counted: data.counted,
      shown: data.padding === "counted" ? data.counted : data.mean,
      rowMean: data.rowMean,
      count: data.count,
      pads: data.pads,
      rows: data.rows.map((row) => ({
        mean: row.mean,
        count: row.count,
        tokens: row.cells.map((c) => c.text),
        losses: row.cells.map((c) => c.loss),
        pads: row.cells.map((c) => c.pad),
      })),
    };
  },
};

export default mount("loss_batch", batchView);
