"""Ears: the caller's sound comes in, a transcript goes out.

`tiny` hears synthetic voices for the demo and the tests, `scripted` hears what it was told. May import `vocabulary`.
"""
