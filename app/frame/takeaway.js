// Link, Step, Embed, SVG, PNG. The figure is found in the document; its export functions are kit/export.js.

import { say } from "../kit/say.js";
import { shared } from "../kit/shared.js";

/**
 * @import { Figure, Given } from "../kit/glass.js"
 * @import { FileRecord } from "../kit/shared.js"
 *
 * The picture's component, the name of its files, the link that restores the page, the HTML that shows the saved file
 * elsewhere ("" where there is none), the HTML that shows this page's picture live, but for the address (ADDRESS), and
 * what the files say of their origin.
 * @typedef {{picture: string, name: string, query: string, embed: string, live: string,
 *   record: FileRecord}} Data
 *
 * @typedef {{data: Data, root: HTMLElement, embed: HTMLSelectElement, stop: () => void}} Kept
 */

/** @type {WeakMap<HTMLElement, Kept>} */
const roots = new WeakMap();

/** @type {(label: string, title: string, act: () => void) => HTMLButtonElement} */
function button(label, title, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.title = title;
  element.addEventListener("click", act);
  return element;
}

/**
 * A select that looks like a button and acts at once, for one thing in several ways.
 * @type {(label: string, title: string, ways: Record<string, [name: string, act: () => void]>) => HTMLSelectElement}
 */
function choices(label, title, ways) {
  const select = document.createElement("select");
  select.title = title;
  select.setAttribute("aria-label", label);
  select.append(
    new Option(`${label} ▾`, ""),
    ...Object.entries(ways).map(([way, [name]]) => new Option(name, way)),
  );
  select.addEventListener("change", () => {
    ways[select.value]?.[1]();
    select.value = "";
  });
  return select;
}

/** @type {(text: string) => Promise<boolean>} whether it is in the clipboard */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is no clipboard API: document.execCommand still works from a click.
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

/**
 * This view as a step of a lesson (app/lessons/reading.py reads it): what is left is to write the words.
 * @type {(place: {pathname: string, search: string}) => string}
 */
export function stepOf({ pathname, search }) {
  const query = new URLSearchParams(search);
  for (const key of ["v", "path", "mark"]) query.delete(key);
  const link = [...query]
    .map(([key, value]) => `${key}=${value.replace(/[%&#+\n\r]/g, encodeURIComponent)}`)
    .join("&");
  return `## ${say("Title of the step")}
at: /${pathname.split("/").pop()}${link && `?${link}`}
${say("Two or three sentences.")}

? ${say("The question")}
- ${say("what somebody may believe")}
+ ${say("what is so")}
check: always
because: ${say("The cause, without digits.")}
`;
}

/**
 * The HTML of a frame that shows a page's claim and picture live.
 * @type {(html: string, place: {origin: string, pathname: string, search: string}) => string}
 */
export function liveOf(html, { origin, pathname, search }) {
  const query = new URLSearchParams(search);
  for (const key of ["path", "mark"]) query.delete(key); // of a lesson
  query.set("view", "figure");
  query.set("embed", "true"); // Streamlit's own frame goes, too
  return html.replace(
    "ADDRESS",
    `${origin}${pathname}?${query}`.replace(/&/g, "&amp;").replace(/"/g, "&quot;"),
  );
}

/**
 * The HTML of a frame, as high as what is shown in it.
 * @param {string} html @param {number} height pixels
 */
export const heightOf = (html, height) => html.replace(/height:\d+px/, `height:${Math.ceil(height)}px`);
const AROUND = 100; // pixels of the claim and the line below a picture that stands alone, as takeaway.py has it

/** The page's charts that stand above the card: they belong to its picture. @type {(card: Element) => Element[]} */
const chartsAbove = (card) =>
  [
    ...document.querySelectorAll('[class*="st-key-gb-chart-vega-"], [class*="st-key-gb-chart-plotly-"]'),
  ].filter((chart) => chart.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);

/** @type {(parent: HTMLElement, data: Data) => Kept} */
function build(parent, data) {
  const root = document.createElement("div");
  root.className = "gb-take-row";
  const status = document.createElement("span");
  status.className = "gb-take-status";
  status.setAttribute("role", "status");
  let timer = 0;
  const tell = (/** @type {string} */ text) => {
    status.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      status.textContent = "";
    }, 2500);
  };
  const save = (/** @type {"SVG" | "PNG"} */ kind) => async () => {
    const { picture, name, record } = kept.data;
    const figure = /** @type {Figure | null} */ (
      document.querySelector(`figure[data-component="${CSS.escape(picture)}"]`)
    );
    const act = shared[`export${kind}`];
    if (!figure || !act) {
      tell(say("No picture yet"));
      return;
    }
    await act(figure, `${name}.${kind.toLowerCase()}`, chartsAbove(root), record);
    tell(say("Saved"));
  };
  /** @param {string} html */
  const fitted = (html) => {
    const figure = document.querySelector(`figure[data-component="${CSS.escape(kept.data.picture)}"]`);
    if (!figure) return html;
    const boxes = [figure, ...chartsAbove(root)].map((part) => part.getBoundingClientRect());
    return heightOf(html, Math.max(...boxes.map((box) => box.bottom)) - boxes[0].top + AROUND);
  };
  const embed = choices(
    say("Embed"),
    say("Copy the HTML that shows the picture in a slide or on a course page"),
    {
      file: [
        say("the saved file {file}", { file: `${data.name}.html` }),
        async () =>
          tell((await copy(fitted(kept.data.embed))) ? say("Copied") : say("Nothing could be copied")),
      ],
      live: [
        say("live: this server must allow the other site"),
        async () =>
          tell(
            (await copy(fitted(liveOf(kept.data.live, location))))
              ? say("Copied")
              : say("Nothing could be copied"),
          ),
      ],
    },
  );
  root.append(
    button(say("Link"), say("Copy the address that restores this page"), async () => {
      tell((await copy(location.href)) ? say("Copied") : say("Copy it from the address bar"));
    }),
    button(
      say("Step"),
      say("Copy this view as a step of a lesson, to paste into its Markdown file"),
      async () => {
        tell((await copy(stepOf(location))) ? say("Copied") : say("Nothing could be copied"));
      },
    ),
    embed,
    button("SVG", say("Save the picture as SVG"), save("SVG")),
    button("PNG", say("Save the picture as PNG"), save("PNG")),
    status,
  );
  parent.append(root);
  const kept = { data, root, embed, stop: () => clearTimeout(timer) };
  return kept;
}

/** @param {Given<Data>} given */
export default function takeaway({ parentElement, data }) {
  const before = roots.get(parentElement);
  const local = before?.root.isConnected ? before : build(parentElement, data);
  roots.set(parentElement, local);
  local.data = data;
  const saved = [...local.embed.options].find((option) => option.value === "file");
  if (saved) saved.text = say("the saved file {file}", { file: `${data.name}.html` });
  local.embed.hidden = !data.embed && !data.live;
  for (const option of local.embed.options)
    option.hidden = option.value === "" || !{ file: data.embed, live: data.live }[option.value];
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
