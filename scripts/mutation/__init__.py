"""Mutation sampling: change one small thing in the code, and check that a test of the quick or the full tier fails.

`python -m scripts.mutation --help` lists the commands; `docs/testing.md` explains them and holds the results.
"""
