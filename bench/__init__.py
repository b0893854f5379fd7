"""Measurements behind `centralita bench NAME`: each module prints a table for people and returns numbers to compare.

Nothing in the product imports this package; it may import everything.
"""
