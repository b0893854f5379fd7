"""How wrong a transcript probably is, without knowing what was said: an estimated word error rate. Pure.

`evidence` turns what an ear gave into numbers, `estimate` weighs them, `fit` found the weights on speech whose words
were known; `decision` says what is to be listened to again.
"""
