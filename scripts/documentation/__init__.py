"""The documentation as a small site, which works from a disk: `make docs` builds it from `docs` and from the code."""
