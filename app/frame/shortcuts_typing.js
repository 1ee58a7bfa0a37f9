// What is typed into text boxes: what a broken copy leaves is mended, and Enter applies the text that the model reads.
//
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

/**
 * Streamlit applies a text area at Ctrl+Enter alone; Shift+Enter still begins a new line.
 * @param {KeyboardEvent} event
 */
function applyTyping(event) {
  const { target, key, shiftKey, ctrlKey, metaKey, altKey, isComposing } = event;
  if (key !== "Enter" || shiftKey || ctrlKey || metaKey || altKey || isComposing) return;
  if (!(target instanceof HTMLTextAreaElement && target.closest(".st-key-text"))) return;
  event.preventDefault();
  event.stopPropagation();
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }),
  );
}

// Streamlit keeps its hint beside a focused box, and empties it once what was typed is applied: then ours has no place.
const READ = new CSSStyleSheet();
READ.replaceSync('.stApp .st-key-text [data-testid="InputInstructions"]:empty { display: none; }');

/** Observes every text box of the page; returns a function that stops it. */
export function watchTyping() {
  document.addEventListener("input", mendTyping, true);
  document.addEventListener("keydown", applyTyping, true);
  document.adoptedStyleSheets.push(READ);
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== READ);
    document.removeEventListener("input", mendTyping, true);
    document.removeEventListener("keydown", applyTyping, true);
  };
}
