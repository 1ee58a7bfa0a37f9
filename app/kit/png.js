// Small pictures as PNG data URLs, written by hand: a browser's own encoder takes 0.3 ms for each, however small, and a
// page has fifty of them. The pixels are stored, not compressed (RFC 1950, 1951; PNG specification, third edition).

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let k = 0; k < 8; k++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
/** The CRC-32 of bytes. @param {Uint8Array} bytes */
const crcOf = (bytes) =>
  ~bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff) >>> 0;
const AFTER_HEADER = 8 + 25; // bytes of the signature and of the first chunk
/**
 * A PNG with a text in a chunk behind its header (iTXt, uncompressed).
 * @type {(file: Uint8Array<ArrayBuffer>, keyword: string, text: string) => Uint8Array<ArrayBuffer>}
 */
export function withText(file, keyword, text) {
  const body = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const whole = new Uint8Array(file.length + body.length + 8);
  const view = new DataView(whole.buffer);
  whole.set(file.subarray(0, AFTER_HEADER));
  view.setUint32(AFTER_HEADER, body.length - 4);
  whole.set(body, AFTER_HEADER + 4);
  view.setUint32(AFTER_HEADER + 4 + body.length, crcOf(body));
  whole.set(file.subarray(AFTER_HEADER), AFTER_HEADER + 8 + body.length);
  return whole;
}
const STORED = 65535; // bytes of one block at the most

/**
 * rgba (4 bytes a pixel, row by row) as a data URL.
 * @type {(width: number, height: number, rgba: Uint8ClampedArray) => string}
 */
export function png(width, height, rgba) {
  const line = 4 * width + 1;
  const size = line * height;
  const blocks = Math.ceil(size / STORED);
  const file = new Uint8Array(8 + 25 + 12 + 2 + 5 * blocks + size + 4 + 12);
  const view = new DataView(file.buffer);
  file.set([137, 80, 78, 71, 13, 10, 26, 10]);
  let at = 8;
  /** @type {(name: string, length: number, write: () => void) => void} */
  const chunk = (name, length, write) => {
    view.setUint32(at, length);
    at += 4;
    const start = at;
    for (const letter of name) file[at++] = letter.charCodeAt(0);
    write();
    let crc = 0xffffffff;
    for (let i = start; i < at; i++) crc = CRC[(crc ^ file[i]) & 255] ^ (crc >>> 8);
    view.setUint32(at, ~crc >>> 0);
    at += 4;
  };
  chunk("IHDR", 13, () => {
    view.setUint32(at, width);
    view.setUint32(at + 4, height);
    file.set([8, 6, 0, 0, 0], at + 8); // 8 bits, RGBA
    at += 13;
  });
  chunk("IDAT", 2 + 5 * blocks + size + 4, () => {
    file.set([0x78, 0x01], at);
    at += 2;
    const raw = new Uint8Array(size); // a row begins with its filter: none
    for (let y = 0; y < height; y++) raw.set(rgba.subarray(4 * width * y, 4 * width * (y + 1)), line * y + 1);
    for (let from = 0; from < size; from += STORED) {
      const count = Math.min(STORED, size - from);
      file[at] = from + count === size ? 1 : 0;
      view.setUint16(at + 1, count, true);
      view.setUint16(at + 3, ~count & 0xffff, true);
      file.set(raw.subarray(from, from + count), at + 5);
      at += 5 + count;
    }
    let [a, b] = [1, 0];
    for (let i = 0; i < size; i++) {
      a = (a + raw[i]) % 65521;
      b = (b + a) % 65521;
    }
    view.setUint32(at, ((b << 16) | a) >>> 0);
    at += 4;
  });
  chunk("IEND", 0, () => {});
  return `data:image/png;base64,${toBase64(file)}`;
}

/** @param {Uint8Array & {toBase64?: () => string}} bytes newer browsers do it themselves */
function toBase64(bytes) {
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
const newer = /** @type {typeof Uint8Array & {fromBase64?: (text: string) => Uint8Array<ArrayBuffer>}} */ (
  Uint8Array
);
/** @type {(text: string) => Uint8Array<ArrayBuffer>} */
export const fromBase64 = (text) =>
  newer.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
