"""Ears, proofreader, mind, mouth and voice detection: one adapter a file, its fake beside it.

Sound and text come in, text and sound go out; `base` holds the ports. May import `vocabulary` only.
"""
