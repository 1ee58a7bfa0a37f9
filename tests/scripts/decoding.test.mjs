// The layout of the Decoding tree: every path has its row, nothing overlaps, what is wider than its window can be moved.
import assert from "node:assert/strict";
import test from "node:test";

import { plan, reveal } from "../../pages/decoding/layout.js";
import { wayTo } from "../../pages/decoding/paths.js";

/** A tree of `beams` paths that part at the first step, `depth` tokens each, and at every node a token that nobody took. */
function tree(beams, depth) {
  const nodes = {
    parent: [-1],
    depth: [0],
    id: [-1],
    text: [""],
    p: [1],
    sum: [0],
    score: [0],
    on: [[]],
    running: [true],
    next: [0],
  };
  const add = (parent, token, on) => {
    const sum = nodes.sum[parent] - 0.5 - token / 100;
    for (const [name, value] of Object.entries({
      parent,
      depth: nodes.depth[parent] + 1,
      id: token,
      text: ` word${token}`,
      p: 0.4,
      sum,
      score: sum,
      on,
      running: false,
      next: on.length ? 0 : -1,
    }))
      nodes[name].push(value);
    return nodes.parent.length - 1;
  };
  const paths = Array.from({ length: beams }, (_, k) => {
    const name = k ? `beam ${k + 1}` : "greedy";
    const path = { name, strategy: k ? "beam" : "greedy", nodes: [], text: "", finished: "length" };
    let at = 0;
    for (let step = 0; step < depth; step++) {
      at = add(at, 10 * k + step, [name]);
      path.nodes.push(at);
    }
    return { ...path, sum: nodes.sum[at], score: nodes.score[at] };
  });
  for (const path of paths) for (const node of path.nodes.slice(0, -1)) add(node, 99, []);
  const children = nodes.parent.map(() => []);
  nodes.parent.forEach((parent, i) => {
    if (i) children[parent].push(i);
  });
  const stages = ["model", "temperature", "top-k", "top-p"].map((name) => ({
    name,
    setting: "",
    active: [false],
  }));
  return {
    nodes,
    paths,
    children,
    depth,
    best: paths[0].name,
    beams,
    penalty: 1,
    source: null,
    slots: [],
    next: { stages },
    prompt: { chip: " saw", before: "Lily", long: "Lily saw" },
    verdict: { pieces: [], search: [], act: null },
  };
}

for (const width of [1280, 358]) {
  for (const [beams, depth] of [
    [1, 1],
    [3, 6],
    [12, 12],
  ]) {
    test(`${beams} paths of ${depth} tokens at ${width} pixels`, () => {
      const data = tree(beams, depth);
      const local = { data, panX: 0, panY: 0 };
      const at = plan({ width, whole: false }, data, local);
      const ends = data.paths.map((path) => at.row[path.nodes.at(-1)]);
      assert.equal(new Set(ends).size, beams, "a row for each path");
      assert.ok(ends.every((row) => row >= 0 && row < at.rows));
      for (let d = 1; d <= depth; d++)
        assert.ok(at.x[d] >= at.x[d - 1] + at.w[d - 1] + 34, "room for a probability between columns");
      assert.ok(at.pitch >= 29, "a row is as high as its two lines");
      assert.ok(at.tree <= width && at.room <= width && at.panel.x + at.panel.w <= width);
      assert.ok(!at.wide || at.panel.x >= at.room, "the distribution stands beside the tree");
      assert.ok(at.wide || at.panel.y > at.legendY, "and below it on a phone");
      assert.equal(at.mostX > 0, at.total > at.tree + 6, "what is wider than the window can be moved");
      local.at = at;
      for (const path of data.paths) {
        reveal(local, path.nodes.at(-1));
        const [x, y] = [at.x[depth] - local.panX, at.y(path.nodes.at(-1)) - local.panY];
        assert.ok(x >= -1 && x + at.w[depth] <= at.tree + 1, "the end is under the window");
        assert.ok(y > at.clip.y && y < at.clip.y + at.clip.h);
      }
    });
  }
}

test("a file has all rows and the way to a node is its tokens", () => {
  const data = tree(12, 12);
  const at = plan({ width: 1280, whole: true }, data, {});
  assert.equal(at.mostY, 0);
  assert.equal(wayTo(data, 0), ".");
  assert.equal(wayTo(data, data.paths[1].nodes[1]), "10.11");
});
