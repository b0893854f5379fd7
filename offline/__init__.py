"""The second, slower listening: what a finished call was about, when nobody waits for an answer any more.

Comes in: what storage kept of a call. Goes out: what can be said about it. Knows engines, storage, conversation and
the vocabulary; nothing that lasts only as long as a call.
"""
