"""The cookies of rooms. That of a browser's own id is in app/session/owner.py."""

MEMBER = "glassbox_member"  # a secret: by its hash a room knows a phone
REMOTE = "glassbox_remote"  # of a second device that teaches
HINT = "glassbox_class"  # without content: this browser has opened a room (bar.js sets and clears it)
