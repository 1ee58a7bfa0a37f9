// "Show it" below an answer sets the picture, which may have been scrolled out of view: it comes back into it.

/** @returns {() => void} */
export function watchShowing() {
  const show = (/** @type {MouseEvent} */ event) => {
    if (!(event.target instanceof Element) || !event.target.closest(".st-key-predict-show")) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const picture = document.querySelector('[data-testid="stMain"] [data-component]');
    picture?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  };
  document.addEventListener("click", show);
  return () => document.removeEventListener("click", show);
}
