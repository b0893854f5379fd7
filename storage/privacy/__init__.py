"""What identifies people, found and taken out: of exports, of logs, and of the sound itself.

Comes in: texts, transcripts, WAVs. Goes out: the same without phones, e-mails, cards, accounts and identity numbers.
Knows the vocabulary. Names of people are not looked for: that needs a model.
"""
