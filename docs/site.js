// Says on the page whether it is dark, as frames.js and the pictures in their frames read it.
(() => {
  const page = document.body;
  const tell = () => { page.dataset.theme = page.dataset.mdColorScheme === "slate" ? "dark" : "light"; };
  new MutationObserver(tell).observe(page, { attributeFilter: ["data-md-color-scheme"] });
  tell();
})();
