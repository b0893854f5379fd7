"""The second listening of whole recordings: from the files a call left to corrected words and what the call meant.

`pipeline` is what is done to one recording and knows neither disk nor database; `results` fetches and keeps; `runner`
does many of them; `jobs` does the same for `centralita worker`. May know engines, storage, conversation, vocabulary.
"""
