// The front end of a picture as a notebook's widget (anywidget loads it): the picture's document in a frame of its own.
// What is chosen in the frame goes to Python, and what Python chooses goes into the frame. A notebook gets
// it as text, with what it imports before it.

import { fitted, onColours, tellColours } from "./around.js";

/**
 * @typedef {object} Model what anywidget shares with Python
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, heard: () => void) => void} on
 * @property {(event: string, heard: () => void) => void} off
 */

/** @param {{model: Model, el: HTMLElement}} given */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", model.get("sandbox"));
  frame.title = model.get("title");
  frame.style.cssText = `width:100%;height:${model.get("tall")}px;border:0`;
  let last = ""; // what the frame said, or was told, last
  let ready = false;
  const post = (/** @type {object} */ said) => frame.contentWindow?.postMessage({ glassbox: said }, "*");
  const choose = () => {
    const chosen = model.get("chosen");
    if (!ready || JSON.stringify(chosen) === last) return;
    last = JSON.stringify(chosen);
    post({ choose: chosen });
  };
  /** @param {MessageEvent} event */
  const hear = (event) => {
    if (fitted(frame, event)) {
      if (!event.data.hello) return;
      [ready, last] = [true, ""];
      choose();
    } else if (event.source === frame.contentWindow && event.data?.glassbox?.selected) {
      const { n: _, ...chosen } = event.data.glassbox.selected;
      last = JSON.stringify(chosen);
      model.set("chosen", chosen);
      model.save_changes();
    }
  };
  const end = onColours(() => tellColours(frame));
  addEventListener("message", hear);
  model.on("change:chosen", choose);
  frame.srcdoc = model.get("document");
  el.append(frame);
  return () => {
    end();
    removeEventListener("message", hear);
    model.off("change:chosen", choose);
  };
}

export default { render };
