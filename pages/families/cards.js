// Published models on a line of time, and their cards. timeline.js draws the one, cards.js the others.

import { mount } from "../../app/kit/glass.js";
import { clamp, inLines, label } from "../../app/kit/shapes.js";
import { drawCard, drawOpens, planCards } from "./cards_cards.js";
import { drawTimeline, givenText, marksOf, weightsText } from "./cards_timeline.js";

/** The family that is looked at. */
export function chosenOf(data, local) {
  const name = local.sel.published;
  return data.families.some((one) => one.name === name) ? name : data.families[0].name;
}

const cardsView = {
  keys: [["← →", "another family"]],

  draw(g, data, local) {
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const name = event.target.closest?.("[data-family]")?.dataset.family;
        if (name) g.select({ published: name });
      });
    }
    const chosen = chosenOf(data, local);
    g.part("timeline", [chosen], () => drawTimeline(g, data, local));
    const under = marksOf(g, data).height + 18;
    const words = inLines("Above: a square’s area is its number of weights. Below: a stack is as wide as d_model and as high as its blocks. * The reason stands under the figures.", g.width - 130);
    g.part("words", null, () => words.map((line, i) => label(0, under + 16 * i, line, { fill: "ink3" })));
    if (data.gallery) g.door("models", { left: g.width - 118, top: under - 14 }, "Models here", "What this installation can open");
    const cards = planCards(g, data, under + 16 * words.length + 6);
    g.height = cards.height + 2;
    for (const place of cards.places) {
      g.part(`card ${place.one.name}`, [place.one.name === chosen], () => drawCard(g, place, place.one.name === chosen));
      drawOpens(g, data, place);
    }
  },

  key(event, g, data, local) {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    const at = data.families.findIndex((one) => one.name === chosenOf(data, local));
    g.select({ published: data.families[clamp(at + by, 0, data.families.length - 1)].name });
    return true;
  },

  describe(data, local) {
    const told = data.families.map((one) => `${one.name}, ${one.shape}, ${one.since}: ${one.sizes.map((size) => `${size.name} ${weightsText(size.parameters)} by the formula, ${givenText(size.published)} published`.trim()).join("; ") || `not published: ${one.unpublished.join(", ")}`}`);
    return `Published models on a line of time and as cards, to one scale. Chosen: ${chosenOf(data, local)}. ${told.join(". ")}.`;
  },

  state(data, local) {
    return { chosen: chosenOf(data, local), gallery: data.gallery, now: data.now,
      families: data.families.map((one) => ({ name: one.name, shape: one.shape, date: one.date, sizes: one.sizes.map((size) => ({ name: size.name, blocks: size.stacks, heads: size.heads, parameters: size.parameters, published: size.published, opens: size.opens, hub: size.hub })) })) };
  },
};

export default mount("families_cards", cardsView);
