// One sentence as three kinds of training examples, side by side; and three runs that learn from such examples.
// layout.js says what stands where; lanes.js draws the examples, falling.js the curves.

function goTo(g, local, at) {
  const to = clamp(at, 0, LAST);
  g.select({ lesson: to === LAST ? -1 : to });
  if (to === LAST) play(g, local, false);
}
function play(g, local, on) {
  clearInterval(local.timer);
  local.timer = null;
  if (on) {
    goTo(g, local, stepOf(local) >= LAST ? 0 : stepOf(local) + 1);
    local.timer = setInterval(() => {
      if (!g.figure.isConnected) clearInterval(local.timer);
      else goTo(g, local, stepOf(local) + 1);
    }, 1800);
  }
  g.redraw();
}
function follow(g, data, local, row) {
  const to = clamp(row, 0, data.words.length - 1);
  local.hover = null;
  g.select({ follow: to === data.words.length - 1 ? -1 : to + data.offset });
}
/** Back, Next and Play: at the right of the claim where there is room, else above the picture. */
function drawBar(g, local) {
  let bar = g.figure.querySelector(".ob-bar");
  if (!bar) {
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button ob-small ${extra}`, "data-act": act, click });
    bar = html("div", { class: "ob-bar" }, html("span", { class: "ob-count", role: "status" }),
      button("back", () => goTo(g, local, stepOf(local) - 1)),
      button("next", () => goTo(g, local, stepOf(local) + 1), "gb-primary"),
      button("play", () => play(g, local, !local.timer)));
    g.figure.prepend(bar);
  }
  g.figure.classList.toggle("ob-wide", g.width >= 1000);
  const now = stepOf(local);
  const [count, back, next, run] = bar.children;
  count.textContent = `Step ${now + 1} of ${STEPS.length}: ${STEPS[now]}`;
  back.textContent = "Back";
  next.textContent = STEPS[now + 1] ? `Next: ${STEPS[now + 1]}` : "The end";
  run.textContent = local.timer ? "Pause" : "Play";
  back.disabled = now === 0;
  next.disabled = now === LAST;
}
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const rowAt = (event) => event.target.closest?.("[data-row]")?.dataset.row;
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const row = rowAt(event);
    const now = row === undefined ? null : Number(row);
    if (now === (local.hover ?? null)) return;
    local.hover = now;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => { if (local.hover != null) { local.hover = null; g.redraw(); } });
  g.svg.addEventListener("click", (event) => { const row = rowAt(event); if (row !== undefined) follow(g, g.data, local, Number(row)); });
}

const objectivesView = {
  init(data, local, before) {
    for (const lane of data.lanes) for (const map of lane.maps) map.cells = unpack(map.packed);
    return before && before.stamp === data.stamp ? {} : { hover: null };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    drawBar(g, local);
    const at = plan(g, data);
    g.height = at.height;
    drawLanes(g, data, local, at);
    drawFalling(g, data, local, at);
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") follow(g, data, local, row + (event.key === "ArrowUp" ? -1 : 1));
    else if (event.key === "ArrowLeft" || event.key === ",") goTo(g, local, stepOf(local) - 1);
    else if (event.key === "ArrowRight" || event.key === ".") goTo(g, local, stepOf(local) + 1);
    else if (event.key === " ") play(g, local, !local.timer);
    else if (event.key === "r") g.send("again", { at: Date.now() });
    else if (event.key === "Escape") {
      if (local.timer) play(g, local, false);
      else if (stepOf(local) < LAST) goTo(g, local, LAST);
      else g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const row = rowOf(data, local);
    return `One sentence of ${data.words.length} tokens as three training examples; step ${stepOf(local) + 1}, ${STEPS[stepOf(local)]}. Token ${row}, ${visible(data.words[row].text)}. ` +
      data.lanes.map((lane) => `${lane.title}, ${lane.shape}${lane.own ? ", this model" : ""}: reads ${lane.reads.map((one) => visible(one.text)).join(" ")}; asks ${lane.answers.filter((one) => one.score).map((one) => visible(one.text)).join(" ")}; here it ${seenBy(data, lane, row)}.${lane.mean === null ? "" : ` Mean loss ${num(lane.mean, 3)} nats.`}`).join(" ") +
      ` Curves: ${(local.rows ?? []).map((one, i) => `${NAMES[data.runs[i].objective]} ${one.last === null ? "not measured" : num(one.last, 3)}`).join(", ")}.`;
  },

  state(data, local) {
    const row = rowOf(data, local);
    return { tokens: data.tokens, words: data.words.map((one) => one.text), row, step: stepOf(local), steps: STEPS.length, playing: Boolean(local.timer), hover: local.hover ?? null,
      lanes: data.lanes.map((lane) => ({ objective: lane.objective, shape: lane.shape, own: lane.own, hidden: lane.hidden, reads: lane.reads.map(({ id, text, kind, at }) => ({ id, text, kind, row: at })), answers: lane.answers.map(({ id, text, row: at, score, mark, loss }) => ({ id, text, row: at, score, mark, loss })), decoder: lane.decoder.map((one) => one.id), mean: lane.mean, sees: seenBy(data, lane, row), positions: positions(lane, row) })),
      chart: local.chart?.summary() ?? null, rows: local.rows, going: local.going, mine: data.mine };
  },
};

export default mount("objectives", objectivesView);
