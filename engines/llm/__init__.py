"""Minds: what to say next. Comes in: a `Thought`. Goes out: words, wishes for tools, and what to remember.

`script` follows a guided dialogue from the agent's file and needs no server; `scripted` is the fake for tests.
They know the vocabulary and `engines.base`, nothing else.
"""
