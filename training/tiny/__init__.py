"""How the `tiny` ear was trained: our own sentences, spoken by espeak-ng, put through a telephone, learnt with jax.

Needs the extras `train` and `espeak`; nothing in the product imports it (`bench.tiny` does, to speak its test).
"""
