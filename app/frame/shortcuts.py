"""The keyboard shortcuts: a button or the key `?` opens the list anywhere on the page; Esc closes it."""

from app.kit import register

sheet = register("keys", __file__, shared=False)
