"""The composition root: settings, agents' files, wiring, and the `centralita` command.

It knows everything; nothing knows it.
"""
