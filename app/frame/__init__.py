"""The frame that every page is drawn in."""
