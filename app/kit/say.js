// Messages in the reader's language, looked up in gettext's tables: `say("{count} of {all}", { count, all })`.
//
// core/messages.py does the same in Python, and says where the tables are. A message is written out where it is said.
// The table is read before any script that imports this one goes on, so a message may stand at a script's top, too.

/**
 * A table: "message", or "context\u0004message", and its translations: one, or of a counted noun singular and plural.
 * @typedef {Record<string, string[]>} Table
 */

const NOUNS = "count"; // the context of words that are counted
const COOKIE = "glassbox_language"; // what this browser has chosen last, for addresses that name no language
const LASTS = 365 * 24 * 3600; // seconds

/** A code of a language, such as "es": nothing else is asked of the server. @type {(code: string | null | undefined) => string | undefined} */
const codeOf = (code) => (code && /^[a-z]{2}$/.test(code) ? code : undefined);

/** The language of this document: what it says itself, the link's, this browser's last one, English. */
function spokenHere() {
  if (typeof document === "undefined") return "en"; // a test of a script alone
  const own = codeOf(document.documentElement.dataset.language);
  const linked = codeOf(new URLSearchParams(location.search).get("lang"));
  const last = remembered(linked);
  return own ?? linked ?? last ?? "en";
}

/** What this browser has chosen last; a link's language is remembered. @param {string | undefined} linked */
function remembered(linked) {
  try {
    if (linked) {
      const path = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
      document.cookie = `${COOKIE}=${linked}; path=${path}; max-age=${LASTS}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    }
    return codeOf(document.cookie.match(/(?:^|; )glassbox_language=([a-z]{2})/)?.[1]);
  } catch {
    return undefined; // a frame of no origin, such as a notebook's, has no cookies
  }
}

/** Reads the table of a language: a file carries its own, a page asks for it. @returns {Promise<Table>} */
async function tableOf(/** @type {string} */ code) {
  if (code === "en") return {};
  const carried = document.getElementById("words")?.textContent;
  if (carried) return JSON.parse(carried);
  try {
    const found = await fetch(new URL(`../../words/${code}.json`, import.meta.url));
    return found.ok ? await found.json() : {};
  } catch {
    return {}; // rather English than nothing
  }
}

/** The code of the language that is spoken here. */
export const language = spokenHere();
const table = await tableOf(language);
if (language !== "en") document.documentElement.lang = language;

/** @type {(message: string, values: Record<string, unknown> | undefined) => string} */
const filled = (message, values) =>
  values ? message.replace(/\{(\w+)\}/g, (_, place) => String(values[place])) : message;

/**
 * A message, translated, with the values in its {places}.
 * @param {string} message in English, written out
 * @param {Record<string, unknown>} [values]
 */
export const say = (message, values) => filled(table[message]?.[0] ?? message, values);

/** Marks a message that stands in a table, and is said where it is shown; it stays as it is. @param {string} message */
export const mark = (message) => message;

/**
 * A message that means different things in different places, by the context that tells them apart.
 * @param {string} context @param {string} message @param {Record<string, unknown>} [values]
 */
export const sayOf = (context, message, values) =>
  filled(table[`${context}\u0004${message}`]?.[0] ?? message, values);

/** A counted noun's singular or plural; undefined where the table has none (in English). @type {(word: string, one: boolean) => string | undefined} */
export const noun = (word, one) => table[`${NOUNS}\u0004${word}`]?.at(one ? 0 : -1);

/**
 * The pieces of a message, with what its {places} hold between them: the spans of a picture, say. `say` it without values.
 * @template T
 * @param {string} message @param {Record<string, T>} values
 * @returns {(string | T)[]}
 */
export const pieces = (message, values) =>
  message
    .split(/\{(\w+)\}/)
    .map((piece, i) => (i % 2 ? values[piece] : piece))
    .filter((piece) => piece !== "");
