// Byte-level byte-pair encoding (Radford et al. 2019; Sennrich et al. 2016): text to ids and back, as the `tokenizers`
// library does it for a tokenizer.json of that kind, and each entry as a person reads it.

/**
 * @typedef {object} Vocabulary what packed.py takes out of a tokenizer.json
 * @property {string[]} entries by id, one printable letter for each byte
 * @property {[string, string][]} merges in the order in which they were learned
 * @property {number[]} special ids that stand for no text
 * @property {number[]} before ids that stand before every text
 * @property {number[]} after
 */

// GPT-2's: contractions, words, numbers, other marks with the space before them, spaces.
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The printable letter of each byte; those that print as nothing get one from 256 on. */
const LETTERS = (() => {
  const prints = (/** @type {number} */ byte) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : next++));
})();
const BYTES = new Map(LETTERS.map((letter, byte) => [letter, byte]));

export class Tokenizer {
  /** @param {Vocabulary} vocabulary */
  constructor({ entries, merges, special, before, after }) {
    this.entries = entries;
    this.special = new Set(special);
    this.around = { before, after };
    this.ids = new Map(entries.map((entry, id) => [entry, id]));
    this.ranks = new Map(merges.map(([a, b], rank) => [`${a} ${b}`, rank]));
    const marks = special.map((id) => entries[id]).sort((a, b) => b.length - a.length);
    this.marks = marks.length
      ? new RegExp(`(${marks.map((mark) => mark.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`)
      : null;
    /** @type {Map<string, number[]>} */
    this.known = new Map();
  }

  /** Ids of a text, with those that stand around every text. @param {string} text @returns {number[]} */
  encode(text) {
    const found = [];
    for (const part of this.marks ? text.split(this.marks) : [text]) {
      const id = this.ids.get(part);
      if (id !== undefined && this.special.has(id)) found.push(id);
      else for (const [word] of part.matchAll(WORDS)) found.push(...this.word(word));
    }
    return [...this.around.before, ...found, ...this.around.after];
  }

  /** Ids of a word: the pair that was learned first is merged, everywhere, until none is left. @param {string} word */
  word(word) {
    const known = this.known.get(word);
    if (known) return known;
    let pieces = [...new TextEncoder().encode(word)].map((byte) => LETTERS[byte]);
    while (pieces.length > 1) {
      let [best, rank] = ["", Infinity];
      for (let i = 1; i < pieces.length; i++) {
        const pair = `${pieces[i - 1]} ${pieces[i]}`;
        const now = this.ranks.get(pair) ?? Infinity;
        if (now < rank) [best, rank] = [pair, now];
      }
      if (rank === Infinity) break;
      const merged = [];
      for (let i = 0; i < pieces.length; i++) {
        if (i + 1 < pieces.length && `${pieces[i]} ${pieces[i + 1]}` === best)
          merged.push(pieces[i] + pieces[++i]);
        else merged.push(pieces[i]);
      }
      pieces = merged;
    }
    const ids = pieces.flatMap((piece) => this.ids.get(piece) ?? []); // a letter that the vocabulary lacks is left out
    this.known.set(word, ids);
    return ids;
  }

  /** An entry as a person reads it: stray bytes as \xe2, special ones as they are. @param {number} id */
  display(id) {
    const entry = this.entries[id];
    if (entry === undefined) return `<${id}>`;
    if (this.special.has(id)) return entry;
    const bytes = [...entry].map((letter) => BYTES.get(letter) ?? -1);
    return bytes.includes(-1) ? entry : told(Uint8Array.from(bytes));
  }

  /** The text of ids, without those that stand for none. @param {number[]} ids */
  decode(ids) {
    const bytes = ids
      .filter((id) => !this.special.has(id))
      .flatMap((id) => [...this.entries[id]].map((letter) => BYTES.get(letter) ?? 63));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /**
   * A text with a token at its end; one that stands for no text adds nothing. The whole is decoded: a character that is
   * cut over several tokens shows only there.
   * @param {string} text @param {number} id
   */
  continued(text, id) {
    const { before, after } = this.around;
    const ids = this.encode(text)
      .slice(before.length)
      .slice(0, after.length ? -after.length : undefined);
    const [now, then] = [this.decode(ids), this.decode([...ids, id])];
    if (then.startsWith(now)) return text + then.slice(now.length);
    return this.special.has(id) ? text : text + this.display(id);
  }
}

/** UTF-8 as text; a byte that is part of no whole character as \xe2. @param {Uint8Array} bytes */
function told(bytes) {
  const reader = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const long = [1, 2, 3, 4].find(
      (count) => at + count <= bytes.length && isWhole(reader, bytes.subarray(at, at + count)),
    );
    text += long
      ? reader.decode(bytes.subarray(at, at + long))
      : `\\x${bytes[at].toString(16).padStart(2, "0")}`;
    at += long ?? 1;
  }
  return text;
}

/** @type {(reader: TextDecoder, bytes: Uint8Array) => boolean} */
function isWhole(reader, bytes) {
  try {
    return reader.decode(bytes).length > 0;
  } catch {
    return false;
  }
}
