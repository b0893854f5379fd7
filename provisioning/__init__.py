"""Typed telephony plans in, Asterisk configuration out, and the private Asterisk that runs it.

Knows `vocabulary` and the templates in `dialplan/`; nothing of calls, sound or engines.
"""
