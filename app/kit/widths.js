// The two widths at which pictures change their layout, in pixels of the figure: a phone has one column, a desk has room
// for what stands beside. In between lie tablets and windows with the contents open.

export const PHONE = 760; // narrower: a phone's layout
export const DESK = 900; // this wide, or wider: a desk's

/** @param {number} width of the figure */
export const isPhone = (width) => width < PHONE;
/** @param {number} width of the figure */
export const isDesk = (width) => width >= DESK;
