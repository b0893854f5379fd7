"""One file per family of gateways: a `Device` goes in, what the device understands comes out.

Knows the model and the country profiles; opens nothing and asks nobody.
"""
