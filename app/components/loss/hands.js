// Pointer, keys and step mode.

function goTo(g, local, at) {
  const to = clamp(at, 0, LAST);
  g.select({ formula: to === LAST ? -1 : to });
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
function follow(g, data, local, at) {
  const to = clamp(at, 0, data.scored.length - 1);
  if (to === followed(data, local)) return;
  local.drag = null;
  // The last token is the page's default, whatever the text.
  g.select({ follow: to === data.scored.length - 1 ? -1 : data.scored[to].place, given: "" });
}

/** Back, Next and Play: at the right of the claim where there is room, else above the picture. */
function drawBar(g, local) {
  let bar = g.figure.querySelector(".ls-bar");
  if (!bar) {
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button ls-small ${extra}`, "data-act": act, click });
    bar = html("div", { class: "ls-bar" }, html("span", { class: "ls-count", role: "status" }),
      button("back", () => goTo(g, local, stepOf(local) - 1)),
      button("next", () => goTo(g, local, stepOf(local) + 1), "gb-primary"),
      button("play", () => play(g, local, !local.timer)));
    g.figure.prepend(bar);
  }
  g.figure.classList.toggle("ls-wide", g.width >= 1000);
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
  const at = (event) => {
    const box = g.svg.getBoundingClientRect();
    const zoom = g.width / box.width; // the projector mode enlarges the page
    return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
  };
  const pull = (event) => {
    const one = g.data.scored[followed(g.data, local)];
    local.drag = nearest(g.data, local.curveAt, one, ...at(event));
    g.redraw();
  };
  g.svg.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.("[data-handle]")) return;
    event.preventDefault();
    local.pulling = true;
    g.svg.setPointerCapture(event.pointerId);
  });
  g.svg.addEventListener("pointermove", (event) => { if (local.pulling) pull(event); });
  const drop = (event) => {
    if (!local.pulling) return;
    local.pulling = false;
    if (event.type === "pointerup" && local.drag != null) give(g, g.data, local, local.drag);
    else { local.drag = null; g.redraw(); }
  };
  g.svg.addEventListener("pointerup", drop);
  g.svg.addEventListener("pointercancel", drop);
  g.svg.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-row], [data-dot]");
    if (hit) follow(g, g.data, local, Number(hit.dataset.row ?? hit.dataset.dot));
  });
}
