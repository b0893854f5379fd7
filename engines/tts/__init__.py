"""Mouths: a sentence's text comes in, its sound goes out piece by piece, with marks where words begin.

`espeak` speaks inside the `speech` process, `scripted` hums for tests, `prompts` keeps fixed sentences ready. May
import `vocabulary` and `engines.base`.
"""
