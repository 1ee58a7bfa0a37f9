// Link, SVG, PNG. The figure is found in the document; its export is window.glassbox's (shared/export.js).

const roots = new WeakMap();

function button(label, title, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.title = title;
  element.addEventListener("click", act);
  return element;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is no clipboard: the old way still works from a click.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** The page's charts that stand above the card: they belong to its picture. */
const chartsAbove = (card) => [...document.querySelectorAll('[class*="st-key-gb-chart-vega-"], [class*="st-key-gb-chart-plotly-"]')]
  .filter((chart) => chart.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);

function build(parent, local) {
  const root = document.createElement("div");
  root.className = "gb-take-row";
  const status = document.createElement("span");
  status.className = "gb-take-status";
  status.setAttribute("role", "status");
  let timer = 0;
  const say = (text) => {
    status.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { status.textContent = ""; }, 2500);
  };
  const save = (kind) => async () => {
    const figure = document.querySelector(`figure[data-component="${CSS.escape(local.data.picture)}"]`);
    const act = window.glassbox && window.glassbox[`export${kind}`];
    if (!figure || !act) {
      say("No picture yet");
      return;
    }
    await act(figure, `${local.data.name}.${kind.toLowerCase()}`, chartsAbove(root));
    say("Saved");
  };
  root.append(
    button("Link", "Copy the address that restores this page", async () => {
      say((await copy(location.href)) ? "Copied" : "Copy it from the address bar");
    }),
    button("SVG", "Save the picture as SVG", save("SVG")),
    button("PNG", "Save the picture as PNG", save("PNG")),
    status,
  );
  parent.append(root);
  return { root, stop: () => clearTimeout(timer) };
}

export default function takeaway({ parentElement, data }) {
  let local = roots.get(parentElement);
  if (!local || !local.root.isConnected) {
    local = { data };
    Object.assign(local, build(parentElement, local));
    roots.set(parentElement, local);
  }
  local.data = data;
  // replaceState, not pushState: the Back button leaves the page, Undo goes back inside it.
  const address = new URL(location.href);
  if (address.search !== `?${data.query}`) {
    address.search = data.query;
    history.replaceState(history.state, "", address);
  }
  return () => {
    if (!parentElement.isConnected) {
      local.stop();
      roots.delete(parentElement);
    }
  };
}
