// The views that members have sent to their teacher: a list without numbers, opened one by one, led with if the teacher likes.

import { addressOf } from "../kit/address.js";
import { counted } from "../kit/counts.js";
import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";

/**
 * A sent view, as the server lists it (app/rooms/routes.py): its page's title, and how its text begins.
 * @typedef {{id: string, title: string, text: string}} Sent
 */

/** How many views were sent, in words. @param {number} count */
export const sentLine = (count) =>
  count === 1 ? say("1 view was sent") : say("{views} were sent", { views: counted(count, "view") });

/**
 * The list, each view with a link that shows it to the teacher alone.
 * @type {(room: string, views: Sent[], style: string, lead: (id: string) => void) => HTMLElement}
 */
export const sentList = (room, views, style, lead) =>
  html(
    "ul",
    { class: "gb-class-sent", "aria-label": say("Views that were sent") },
    views.map((view) =>
      html(
        "li",
        {},
        html("span", {}, html("b", {}, view.title), view.text ? ` “${view.text}”` : ""),
        html(
          "a",
          {
            class: style,
            href: addressOf(`rooms/${room}/sent/${view.id}`),
            target: "_blank",
            rel: "noopener",
            title: say("Its picture, in a window of its own: nobody else sees it"),
          },
          say("Look"),
        ),
        html(
          "button",
          {
            type: "button",
            class: style,
            "data-act": `lead ${view.id}`,
            title: say("Your page goes there, and the room’s view along"),
            click: () => lead(view.id),
          },
          say("Lead with it"),
        ),
      ),
    ),
  );
