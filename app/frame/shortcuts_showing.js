// "Show it" below an answer sets the picture, which may have been scrolled out of view: it comes back into it. The page's
// question, told above the picture, leads to the card that asks it.

/** @returns {() => void} */
export function watchShowing() {
  const show = (/** @type {MouseEvent} */ event) => {
    if (!(event.target instanceof Element)) return;
    const asked = event.target.closest(".gb-asked button");
    if (!asked && !event.target.closest(".st-key-predict-show")) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (asked) {
      const card = document.querySelector(".st-key-gb-card-predict");
      card?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
      card?.querySelector("button")?.focus({ preventScroll: true });
      return;
    }
    const picture = document.querySelector('[data-testid="stMain"] [data-component]');
    picture?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  };
  document.addEventListener("click", show);
  return () => document.removeEventListener("click", show);
}
