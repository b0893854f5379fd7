"""What an attacker would find in this PBX, and what bans who tries: pure rules over facts, a thin gatherer, fail2ban.

`audit` takes facts and gives findings, worst first; no password ever stands in one.
"""
