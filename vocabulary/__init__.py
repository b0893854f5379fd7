"""The words every part shares: sound, speech, calls and errors.

Frozen dataclasses and constants only; this package imports nothing of ours.
"""
