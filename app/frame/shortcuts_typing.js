// A broken copy leaves halves of characters. As bytes they are no UTF-8: the server would refuse the message and hang
// up. So they become U+FFFD before Streamlit reads the box (hence in the capture phase), and the page says what it is.

/** @param {Event} event */
function mendTyping({ target }) {
  if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
  const mended = target.value.replace(/\p{Surrogate}/gu, "\ufffd");
  if (mended === target.value) return;
  const { selectionStart, selectionEnd } = target;
  // React watches the element's own property; past it, it still sees a change.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value")?.set?.call(target, mended);
  target.setSelectionRange(selectionStart, selectionEnd);
}

/** Watches every box of the page; returns how to stop. */
export function watchTyping() {
  document.addEventListener("input", mendTyping, true);
  return () => document.removeEventListener("input", mendTyping, true);
}
