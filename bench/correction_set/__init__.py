"""Sentences of three trades, with mistakes an ear makes: what the proofreader is measured on.

`sentences` and `confusions` were written before the proofreader and know nothing of it; `make` draws the set once,
seeded; `cases` reads it. What was the test part (`blind/`), and what was blind first (`former/`), serve development
now, in `folds` of templates; `learning` and `fit` make the weights. What is still blind (`unseen/`) stands in
`cases_blind.tsv`; `docs/correction.md` says how it went.
"""
