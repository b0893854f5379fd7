"""How words are compared in the search: without case, accents and signs, alike in every database.

Folding is done here and not by the database, whose own rules depend on its locale and its tokenizer.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 64
"""Characters of a word that count."""
_NO_MARKS: Final = re.compile("[\u0300-\u036f¿¡]+")
"""Accents, which stand by themselves after decomposition, and signs that would keep Spanish from being ASCII."""
_WORD: Final = re.compile(r"[^\W_]+")
_PLAIN: Final = {
    ord(accented): plain for accented, plain in zip("áéíóúüñàèìòùâêîôûäëïöç", "aeiouunaeiouaeiouaeioc", strict=True)
} | {ord("¿"): None, ord("¡"): None}
"""What Spanish and its neighbours write, the same as by decomposition and much quicker."""
_SPACES: Final = {code: " " for code in range(128) if not chr(code).isalnum()}
_QUERY_WORD: Final = re.compile(r"[^\W_]+\*?")


def folded(text: str) -> str:
    """Return text in lower case without accents: `Facturación` and `FACTURACION` become the same."""
    text = text.casefold()
    if text.isascii() or (text := text.translate(_PLAIN)).isascii():
        return text
    text = unicodedata.normalize("NFKD", text)
    return _NO_MARKS.sub("", text)


def words_of(text: str) -> tuple[str, ...]:
    """Return the distinct folded words of a text, sorted."""
    text = folded(text)
    found = text.translate(_SPACES).split() if text.isascii() else _WORD.findall(text)
    words = set(found)
    if max(map(len, words), default=0) > LONGEST:
        words = {word[:LONGEST] for word in words}
    return tuple(sorted(words))


def label_word(kind: str, value: str) -> str:
    """Return the word under which a label stands in the full-text index, beside what was said.

    So a search for words and a label is one intersection of lists. Two labels may share a word: who searches by it
    compares the label too.
    """
    return f"zz{kind}{''.join(_WORD.findall(folded(value)))}"[:LONGEST]


def query_words(text: str) -> tuple[str, ...]:
    """Return the words a search asks for; `factur*` asks for every word that begins so."""
    found = (word for word in _QUERY_WORD.findall(folded(text)))
    return tuple(dict.fromkeys(word[:LONGEST] + "*" * (word.endswith("*") and len(word) > LONGEST) for word in found))


def fts5_query(words: tuple[str, ...]) -> str:
    """Return what FTS5 MATCHes: all of the words."""
    return " AND ".join(f'"{word[:-1]}"*' if word.endswith("*") else f'"{word}"' for word in words)


def tsquery(words: tuple[str, ...]) -> str:
    """Return what is cast to PostgreSQL's tsquery: all of the words."""
    return " & ".join(f"'{word[:-1]}':*" if word.endswith("*") else f"'{word}'" for word in words)
