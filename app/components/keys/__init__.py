"""The sheet of keys: a button, and the key `?` anywhere on the page, open it; Esc closes it."""

from app.components import register

sheet = register("keys", shared=False)
