"""Work that must get done: a durable queue in the database the business rows are in, and the worker that empties it.

What comes in: kinds and JSON arguments. What goes out: handlers called until they succeed or are given up as dead
letters. Knows the database and the vocabulary.
"""
