"""The files of gateways, served on the local network: each device fetches its own, by a path nobody can guess.

A manifest goes in; configuration files and one log line a fetch come out. Knows the vocabulary and `fxo_templates`.
"""
