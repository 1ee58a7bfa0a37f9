// The two widths at which pictures change their layout, in pixels of the figure: a phone has one column, a desk has room
// for what stands beside. In between lie tablets and windows with the contents open. Style sheets name the same two
// (tests/unit/test_modules.py), of the window or of what they stand in.

export const PHONE = 760; // narrower: a phone's layout
export const DESK = 860; // this wide, or wider: a desk's

/** @param {number} width of the figure */
export const isPhone = (width) => width < PHONE;
/** @param {number} width of the figure */
export const isDesk = (width) => width >= DESK;
