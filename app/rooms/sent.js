// The views that members have sent to their teacher: a list without numbers, opened one by one, led with if the teacher likes.

import { counted } from "../kit/counts.js";
import { html } from "../kit/shapes.js";

/**
 * A sent view, as the server lists it (app/rooms/routes.py): its page's title, and how its text begins.
 * @typedef {{id: string, title: string, text: string}} Sent
 */

/** How many views were sent, in words. @param {number} count */
export const sentLine = (count) => `${counted(count, "view")} ${count === 1 ? "was" : "were"} sent`;

/**
 * The list, each view with a link that shows it to the teacher alone.
 * @type {(room: string, views: Sent[], style: string, lead: (id: string) => void) => HTMLElement}
 */
export const sentList = (room, views, style, lead) => html("ul", { class: "gb-class-sent", "aria-label": "Views that were sent" }, views.map((view) =>
  html("li", {}, html("span", {}, html("b", {}, view.title), view.text ? ` “${view.text}”` : ""),
    html("a", { class: style, href: new URL(`rooms/${room}/sent/${view.id}`, document.baseURI), target: "_blank", rel: "noopener", title: "Its picture, in a window of its own: nobody else sees it" }, "Look"),
    html("button", { type: "button", class: style, "data-act": `lead ${view.id}`, title: "Your page goes there, and the room’s view along", click: () => lead(view.id) }, "Lead with it"))));
