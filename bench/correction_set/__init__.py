"""Sentences of three trades, with mistakes an ear makes: what the proofreader is measured on.

`sentences` and `confusions` were written before the proofreader and know nothing of it; `make` draws the set once,
seeded; `cases` reads it. The test part of it (`blind/`) was not looked at while the proofreader was tuned; how it was
after that stands in `docs/correction.md`.
"""
