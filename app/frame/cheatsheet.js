// Cards of the cheatsheet's sections. One component, because a hundred native elements would be diffed at every change.

const roots = new WeakMap();

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function page(entry, query, visit) {
  const item = make("li");
  if (entry.exists) {
    const link = make("a", "", entry.title);
    link.href = `${entry.slug === "home" ? "." : entry.slug}?${query()}`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a new tab is the browser's
      event.preventDefault();
      visit(entry.slug);
    });
    link.addEventListener("pointerdown", () => { link.href = `${entry.slug === "home" ? "." : entry.slug}?${query()}`; });
    item.append(link);
  } else {
    const later = make("span", "gb-map-later", entry.title);
    later.append(make("span", "gb-map-hidden", ", not built yet"));
    item.append(later);
  }
  item.append(make("p", "", entry.terms));
  return item;
}

export default function cheatsheet({ parentElement, data, setTriggerValue }) {
  let local = roots.get(parentElement);
  if (local?.root.isConnected) {
    local.query = data.query;
    local.visit = (slug) => setTriggerValue("visit", { page: slug });
    return;
  }
  local = { query: data.query, visit: (slug) => setTriggerValue("visit", { page: slug }) };
  local.root = make("section", "gb-map");
  local.root.setAttribute("aria-labelledby", "gb-map-title");
  const title = make("h2", "", "The subject as a map");
  title.id = "gb-map-title";
  const grid = make("div", "gb-map-cards");
  for (const card of data.cards) {
    const box = make("article");
    const heading = make("h3");
    heading.append(make("span", "", card.section), ` ${card.name}`);
    const list = make("ul");
    for (const entry of card.pages) list.append(page(entry, () => local.query, (slug) => local.visit(slug)));
    box.append(heading, list);
    grid.append(box);
  }
  local.root.append(title, make("p", "gb-map-note", "Each section, and the page where it is alive. Pages in grey are not built yet."), grid);
  parentElement.append(local.root);
  roots.set(parentElement, local);
}
