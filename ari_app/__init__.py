"""The conductor: it drives Asterisk's channels and bridges for every call.

ARI events and a supervisor's commands come in; ARI requests and live events go out. It may know every capability.
"""
