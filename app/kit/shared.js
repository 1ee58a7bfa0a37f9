// State shared by all scripts of a page, `window.glassbox`: separate components, and those of an older
// version that a browser still has loaded, find each other's runs and exports here.

/**
 * @import { Figure } from "./glass.js"
 * @import { Feed } from "./feed.js"
 * @import { State } from "../rooms/connection.js"
 *
 * What a file says of its origin, as app/outside/file_record.py describes it.
 * @typedef {Record<string, string>} FileRecord
 *
 * @typedef {object} Shared
 * @property {number} [loading] modules that are still loading
 * @property {Set<Set<Feed>>} [feeds] live runs, by version of the modules
 * @property {(figure: Figure, name?: string, beside?: Element[], record?: FileRecord | null) => Promise<string>} [exportSVG]
 * @property {(figure: Figure, name?: string, beside?: Element[], record?: FileRecord | null) => Promise<Blob | null>} [exportPNG]
 * @property {Map<string, any>} [vocabularies] of the Tokenization page
 * @property {Map<string, any>} [maps] of the Embeddings page
 * @property {State | null} [room] of the class that this browser teaches; the event "gb-class" tells that it has changed
 */

const page = /** @type {{glassbox?: Shared}} */ (globalThis);
page.glassbox ??= {};

export const shared = page.glassbox;
