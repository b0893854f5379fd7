"""Encryption at rest: every call has a key of its own; deleting that key deletes all copies of the call.

Comes in: bytes. Goes out: the same bytes, unreadable, and readable again. Knows the vocabulary.
"""
