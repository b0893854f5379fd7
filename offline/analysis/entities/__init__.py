"""Things named in a call: telephones, addresses, money, days, hours, codes; each with the words it was read from.

One kind per file, each a `find(spoken, call)`; `find` settles which of two readings of the same words stands.
"""
