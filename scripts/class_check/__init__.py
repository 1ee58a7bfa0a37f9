"""The evening before a class: hold one with twenty simulated phones and say what works (`make check-class`)."""
