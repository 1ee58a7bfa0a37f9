// Where this server's own routes are: below whatever path that stands, with or without a proxy that takes the path away.

/**
 * The address of a route of this server.
 * @param {string} path without a slash before it: "runs/ID/events"
 * @param {string | URL} [base] the address of the app; this document's where it is not given
 */
export const addressOf = (path, base = document.baseURI) => new URL(path, base);
