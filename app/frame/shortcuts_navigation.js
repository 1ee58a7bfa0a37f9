// Streamlit's navigation is a list whose items sit one level too deep, and its section headings fold by mouse only.
// Screen readers get plain links instead of a broken list, and the headings become buttons.

import { counted } from "../kit/counts.js";
import { html } from "../kit/shapes.js";

/** @param {HTMLElement} nav */
function mendNavigation(nav) {
  for (const element of nav.querySelectorAll("ul:not([role]), li:not([role])"))
    element.setAttribute("role", "none");
  for (const header of nav.querySelectorAll('[data-testid="stNavSectionHeader"]')) {
    const heading = /** @type {HTMLElement | null} */ (header.firstElementChild); // the click rises to the header, which folds the section
    if (!heading) continue;
    const open = Boolean(header.parentElement?.querySelector("li"));
    if (heading.getAttribute("aria-expanded") !== String(open))
      heading.setAttribute("aria-expanded", String(open));
    if (heading.hasAttribute("tabindex")) continue;
    heading.setAttribute("role", "button");
    heading.setAttribute("tabindex", "0");
    heading.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      heading.click();
    });
  }
}

/**
 * Scrolls the table of contents (which scrolls separately, frame.css) to the open page's entry, once per page.
 * @param {HTMLElement} nav
 */
function showCurrent(nav) {
  const link = /** @type {HTMLAnchorElement | null} */ (nav.querySelector('[aria-current="page"]'));
  if (!link || nav.dataset.shown === link.href) return;
  nav.dataset.shown = link.href;
  const [line, box] = [link.getBoundingClientRect(), nav.getBoundingClientRect()];
  if (line.top < box.top) nav.scrollTop += line.top - box.top - line.height;
  else if (line.bottom > box.bottom) nav.scrollTop += line.bottom - box.bottom + line.height;
}

/** How many entries of the contents lie below what is seen of them. @param {HTMLElement} nav */
function below(nav) {
  const end = nav.getBoundingClientRect().bottom;
  const links = [...nav.querySelectorAll('[data-testid="stSidebarNavLink"]')];
  return links.filter((link) => link.getBoundingClientRect().bottom > end + 6).length;
}

/**
 * Says under the contents how many pages follow; a click scrolls on to them. Its room stays when there are none.
 * @param {HTMLElement} nav
 */
function tellMore(nav) {
  let more = /** @type {HTMLElement | null} */ (nav.parentElement?.querySelector(":scope > .gb-more-pages"));
  if (!more) {
    more = html("button", {
      type: "button",
      class: "gb-more-pages",
      tabindex: -1,
      "aria-hidden": "true", // Tab goes through the entries themselves
      click: () =>
        nav.scrollBy({
          top: nav.clientHeight - 56,
          behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
        }),
    });
    nav.after(more);
    const button = more;
    const tell = () => {
      const count = below(nav);
      const said = count ? `↓ ${counted(count, "more page")}` : "";
      if (button.textContent !== said) button.textContent = said;
    };
    nav.addEventListener("scroll", tell, { passive: true });
    new ResizeObserver(tell).observe(nav);
  }
  nav.dispatchEvent(new Event("scroll"));
}

/** Observes the sidebar, whose elements are replaced; returns a function that stops it. */
export function watchNavigation() {
  const sidebar = document.querySelector('[data-testid="stSidebar"]') || document.body;
  const mend = () => {
    const nav = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stSidebarNav"]'));
    if (!nav) return;
    mendNavigation(nav);
    showCurrent(nav);
    tellMore(nav);
  };
  const observer = new MutationObserver(mend);
  observer.observe(sidebar, { childList: true, subtree: true });
  mend();
  return () => observer.disconnect();
}
