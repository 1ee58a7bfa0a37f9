// What stands around the frames of pictures in a notebook: it gives each frame the height that it asks for (host.js), and
// tells it whether the page is dark. It is written into the notebook as text, so it imports nothing.

/** Whether the page says that it is dark, as JupyterLab, VS Code or a `data-theme` do; null: it says nothing. @returns {boolean | null} */
function saysDark() {
  const [page, body] = [document.documentElement.dataset, document.body.dataset];
  if (body.jpThemeLight) return body.jpThemeLight === "false";
  const said = body.vscodeThemeKind ?? body.theme ?? page.theme ?? page.bsTheme ?? "";
  if (/dark/.test(said)) return true;
  return /light/.test(said) ? false : null;
}

/** Whether the ground that a frame lies on is dark; null: nothing around it has a ground of its own. @param {Element} frame */
function liesOnDark(frame) {
  for (let around = frame.parentElement; around; around = around.parentElement) {
    const [red, green, blue, alpha = 1] = (
      getComputedStyle(around).backgroundColor.match(/[\d.]+/g) ?? []
    ).map(Number);
    if (alpha > 0.5) return red + green + blue < 380;
  }
  return null;
}

/** Calls `turned` when the page may have become dark or light; returns what ends that. @type {(turned: () => void) => () => void} */
export function onColours(turned) {
  // A theme's colours may come a moment after its name.
  const seen = new MutationObserver(() => {
    for (const later of [0, 400, 2000]) setTimeout(turned, later);
  });
  for (const node of [document.documentElement, document.body]) seen.observe(node, { attributes: true });
  return () => seen.disconnect();
}

/** Tells a frame whether the page is dark, and whether its ground may be seen through the frame's. @param {HTMLIFrameElement} frame */
export function tellColours(frame) {
  const ground = liesOnDark(frame);
  const dark = ground ?? saysDark();
  if (dark !== null) frame.contentWindow?.postMessage({ glassbox: { dark, clear: ground !== null } }, "*");
}

/** Gives a frame what it asks for. Returns whether it asked. @type {(frame: HTMLIFrameElement, event: MessageEvent) => boolean} */
export function fitted(frame, { data, source }) {
  if (source !== frame.contentWindow || !Number.isFinite(data?.glassbox)) return false;
  frame.style.height = `${data.glassbox}px`;
  frame.style.colorScheme = data.dark ? "dark" : "light"; // else a frame of other colours has a ground of its own
  if (data.hello) tellColours(frame); // once, and again where a notebook takes a frame out and puts it back
  return true;
}

/** Serves all frames of a notebook; of two pictures each listens for both, which does no harm. */
export function serve() {
  const frames = () =>
    /** @type {NodeListOf<HTMLIFrameElement>} */ (document.querySelectorAll(".glassbox iframe"));
  addEventListener("message", (event) => {
    for (const frame of frames()) fitted(frame, event);
  });
  onColours(() => {
    for (const frame of frames()) tellColours(frame);
  });
}
