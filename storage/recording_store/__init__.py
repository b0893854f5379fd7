"""Where recordings are kept: on this machine, in S3, or here first and there as soon as it can be.

Comes in: a call's files. Goes out: the same bytes, whole or in ranges, and where they are. Knows the vocabulary.
"""
