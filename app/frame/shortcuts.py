"""The sheet of keys: a button, and the key `?` anywhere on the page, open it; Esc closes it."""

from app.kit import register

sheet = register("keys", __file__, shared=False)
