"""Device files for analogue gateways, and what each country's lines sound like.

A `Device` (its lines, the country, where the PBX is) goes in; files and checklists come out. Knows the vocabulary only.
"""
