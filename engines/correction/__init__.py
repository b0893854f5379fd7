"""The proofreader: a transcript's text comes in, the text the caller meant goes out, the original beside it.

Pure and quick enough for the loop: no I/O, one look-up a word. May import `vocabulary` only.
"""
