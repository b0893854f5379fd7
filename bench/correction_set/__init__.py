"""Sentences of three trades, with mistakes an ear makes: what the proofreader is measured on.

`sentences` and `confusions` were written before the proofreader and know nothing of it; `make` draws the set once,
seeded; `cases` reads it. What was the test part (`blind/`) has been looked at and serves development now, in `folds`
of templates; `learning` and `fit` make the weights. What is still blind stands in `cases_blind.tsv`, where there is
one; `docs/correction.md` says how it went.
"""
