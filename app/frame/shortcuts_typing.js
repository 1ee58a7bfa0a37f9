// A broken copy leaves lone surrogates, which have no UTF-8 encoding: the server would refuse the message and hang
// up. So they become U+FFFD before Streamlit reads the box (hence in the capture phase), and the page says what it is.

/** @param {Event} event */
function mendTyping({ target }) {
  if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
  const mended = target.value.replace(/\p{Surrogate}/gu, "\ufffd");
  if (mended === target.value) return;
  const { selectionStart, selectionEnd } = target;
  // React tracks the element's own property; setting the prototype's, it still detects a change.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value")?.set?.call(target, mended);
  target.setSelectionRange(selectionStart, selectionEnd);
}

/** Observes every text box of the page; returns a function that stops it. */
export function watchTyping() {
  document.addEventListener("input", mendTyping, true);
  return () => document.removeEventListener("input", mendTyping, true);
}
