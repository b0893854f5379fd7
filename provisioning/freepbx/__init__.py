"""Into a FreePBX and out again: what is found there, what forbids going on, what to click, and the whole way round.

Pure cores (`preflight`, `pointers`, `clicks`, `graphql`, `test_call`) under thin shells (`gathering`, `installing`).
"""
