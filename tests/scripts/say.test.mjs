// Messages in another language, as a script says them.

import assert from "node:assert/strict";
import { test } from "node:test";

const TABLE = {
  "{share} of {all}": ["de {all}, {share}"],
  "music\u0004key": ["tecla"],
  "count\u0004token": ["ficha", "fichas"],
};

/** A page whose address names a language, or that says one itself; `carried`: whether the page holds the words. */
function page({ search = "", cookie = "", own = undefined, carried = true } = {}) {
  const root = { dataset: own ? { language: own } : {}, lang: "en" };
  Object.assign(globalThis, {
    location: { search, protocol: "https:" },
    document: {
      documentElement: root,
      baseURI: "https://school.example/glassbox/attention",
      cookie,
      getElementById: () => (carried ? { textContent: JSON.stringify(TABLE) } : null),
    },
  });
  return root;
}

let turn = 0;
const loaded = () => import(`../../app/kit/say.js?turn=${turn++}`);

test("without a page, English", async () => {
  const { say, language } = await loaded();
  assert.equal(language, "en");
  assert.equal(say("{share} of {all}", { share: 1, all: 2 }), "1 of 2");
});

test("the link chooses, and the browser remembers", async () => {
  const root = page({ search: "?v=1&lang=es" });
  const { say, sayOf, noun, language } = await loaded();
  assert.equal(language, "es");
  assert.equal(root.lang, "es");
  assert.equal(say("{share} of {all}", { share: "3 %", all: 7 }), "de 7, 3 %");
  assert.equal(sayOf("music", "key"), "tecla");
  assert.equal(say("key"), "key");
  assert.deepEqual(
    [noun("token", true), noun("token", false), noun("pass", false)],
    ["ficha", "fichas", undefined],
  );
  assert.match(
    document.cookie,
    /^glassbox_language=es; path=\/glassbox\/; max-age=\d+; samesite=lax; secure$/,
  );
});

test("what the browser remembers holds where the link names no language", async () => {
  page({ cookie: "other=1; glassbox_language=es" });
  assert.equal((await loaded()).language, "es");
  page({ search: "?lang=en", cookie: "glassbox_language=es" });
  assert.equal((await loaded()).language, "en");
});

test("a document speaks its own language", async () => {
  page({ own: "es", search: "?lang=en" });
  assert.equal((await loaded()).language, "es");
});

test("what is no code of a language is not asked for", async () => {
  page({ search: "?lang=../x", carried: false });
  assert.equal((await loaded()).language, "en");
});

test("a frame of no origin has no cookies, and speaks English", async () => {
  page();
  Object.defineProperty(globalThis.document, "cookie", {
    get: () => {
      throw new DOMException("sandboxed", "SecurityError");
    },
  });
  assert.equal((await loaded()).language, "en");
});

test("without its words a page speaks English rather than nothing", async () => {
  page({ search: "?lang=es", carried: false });
  const before = globalThis.fetch;
  const asked = [];
  globalThis.fetch = async (address) => {
    asked.push(String(address));
    throw new TypeError("no connection");
  };
  const { say } = await loaded();
  globalThis.fetch = before;
  assert.match(asked[0], /words\/es\.json$/);
  assert.equal(say("{share} of {all}", { share: 1, all: 2 }), "1 of 2");
});
