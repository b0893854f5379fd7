"""Who speaks now, and what to say next: pure deciding, without waiting and without a clock.

Comes in: frames, words, digits, what tools and minds answered. Goes out: decisions and orders, as frozen dataclasses.
It knows the vocabulary and the ports of `engines.base`, nothing else.
"""
