"""How the intent model is made: sentences of ours, learned and calibrated; run it with `python -m`, not in a call."""
