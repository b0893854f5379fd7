"""E-mail addresses, written or said: "ana punto garcía arroba gmail punto com"."""

from typing import Final

from offline.analysis.entities.entity import Found, Kind, Setting
from offline.analysis.numerals import amount_at, is_numeral
from offline.analysis.tokens import Spoken, word_set

VERSION: Final = "1"

_AT: Final = frozenset({"@", "arroba"})
_DOT: Final = frozenset({".", "punto", "dot"})
_JOINTS: Final = {
    "punto": ".", "dot": ".", ".": ".", "guion": "-", "dash": "-", "hyphen": "-", "-": "-", "_": "_",
    "subguion": "_", "underscore": "_", "barrabaja": "_", "+": "+",
}  # fmt: skip
_LOW_LINES: Final = (("guion", "bajo"), ("raya", "baja"), ("barra", "baja"), ("linea", "baja"))
_LETTERS: Final = {
    "be": "b", "ce": "c", "efe": "f", "ge": "g", "hache": "h", "jota": "j", "ka": "k", "ele": "l", "eme": "m",
    "ene": "n", "pe": "p", "cu": "q", "erre": "r", "uve": "v", "equis": "x", "zeta": "z", "ceta": "z",
}  # fmt: skip
"""Names of letters that are no other word; "de", "ese", "te" stay as they were heard."""
_ENDINGS: Final = word_set(
    "com es net org mx ar co cl pe ec uy edu gob gov info eu io cat bo ve py uk us ca biz tv me app"
)
_PROVIDERS: Final = {
    "gmail": "gmail", "g mail": "gmail", "ge mail": "gmail", "gimeil": "gmail", "yimeil": "gmail", "jimeil": "gmail",
    "hotmail": "hotmail", "hot mail": "hotmail", "jotmail": "hotmail", "hotmeil": "hotmail", "outlook": "outlook",
    "out look": "outlook", "autluk": "outlook", "yahoo": "yahoo", "yajo": "yahoo", "icloud": "icloud",
    "i cloud": "icloud",
}  # fmt: skip
"""As ears write them."""
_OUTSIDE: Final = word_set(
    "es son era seria sea correo correos mail email e electronico electronica el la lo los las un una mi su tu al "
    "a de del que con para por en y o u si no vale pues eh em bueno ya ahora otro otra nuevo nueva direccion "
    "cuenta todo junto minusculas mayusculas minuscula escriba escribame escriban mande mandelo mandeme mandemelo "
    "mandenmelo envie envielo envieme enviemelo enviar mandar escribir apunte anote apunta anota tengo tiene uso "
    "use usa claro perfecto digo mejor le les me te se aqui factura facturas contacto is my the it to at send s "
    "address and so yes sure okay ok its"
)
"""Words before an address that are not part of it."""
_LONE_WORDS: Final = 2
"""So many words without "punto" between them may belong to the name before the sign: "juan pérez arroba"."""


def find(spoken: Spoken, setting: Setting) -> list[Found]:
    """Return the addresses said or written in one turn."""
    del setting  # the same everywhere
    found: list[Found] = []
    for at, token in enumerate(spoken.tokens):
        is_english_at = spoken.language == "en" and token.plain == "at"
        if token.plain not in _AT and not is_english_at:
            continue
        domain = _domain(spoken, at + 1)
        local = _local(spoken, at) if domain else None
        if domain is None or local is None:
            continue
        host, end = domain
        name, begin, lone = local
        is_written = all(one.is_glued for one in spoken.tokens[begin + 1 : end])
        confidence = 0.97 if is_written else max(0.4, 0.88 - 0.15 * lone)
        span = spoken.tokens[begin].begin, spoken.tokens[end - 1].end
        found.append(Found(Kind.EMAIL, f"{name}@{host}", *span, confidence))
    return found


def _domain(spoken: Spoken, at: int) -> tuple[str, int] | None:
    """Read "gmail punto com" from token `at`; return it and the index behind it."""
    words: list[str] = []
    here = at
    while spoken.word(here) and spoken.word(here) not in _DOT:
        word = spoken.word(here)
        low = _low_line(spoken, here)
        if word == "," and words:
            here += 1
            continue
        if low or word in ("guion", "-", "dash"):
            words.append("-")
        elif word[0].isalnum():
            if " ".join(words) in _PROVIDERS and word in _ENDINGS:
                return f"{_PROVIDERS[' '.join(words)]}.{word}", here + 1  # the "punto" was swallowed
            words.append(word)
        else:
            return None
        here += 1
        if len(words) > 4:
            return None
    if not words:
        return None
    host = _PROVIDERS.get(" ".join(words), "".join(words))
    labels = [host]
    while spoken.word(here) in _DOT:
        label = spoken.word(here + 1)
        if not label or not label[0].isalnum():
            break
        after_next = spoken.word(here + 2) in _DOT
        if label not in _ENDINGS and not after_next:
            break
        if len(labels) > 1 and label not in _ENDINGS:
            break  # the next sentence
        labels.append(label)
        here += 2
    return (".".join(labels), here) if len(labels) > 1 and labels[-1] in _ENDINGS else None


def _local(spoken: Spoken, at: int) -> tuple[str, int, int] | None:
    """Read the name that ends before token `at`; return it, its first token, and how many words nothing joins."""
    begin, lone, is_bound = at, 0, True
    is_first_word = True
    while begin > 0:
        word = spoken.word(begin - 1)
        low = _low_line(spoken, begin - 2)
        if low:
            begin -= 2
            is_bound = True
            continue
        if word == "," and begin >= 2 and (is_bound or _is_joint(spoken, begin - 2)):
            begin -= 1
            continue
        if word in _JOINTS:
            if not is_bound or is_first_word:
                is_bound = True
                begin -= 1
                continue
            break
        if not word or not word[0].isalnum():
            break
        is_number = is_numeral(word, spoken.language) or (word == "y" and is_numeral(spoken.word(begin), "es"))
        is_glued = begin < at and spoken.tokens[begin].is_glued
        if not is_bound and not is_glued and not is_number:
            follows_number = is_numeral(spoken.word(begin), spoken.language)
            if word in _OUTSIDE or (lone >= _LONE_WORDS and not follows_number):
                break
            if not follows_number:
                lone += 1
        elif word in _OUTSIDE and not is_first_word and not is_glued and len(word) > 1 and not is_number:
            break
        begin -= 1
        is_bound = is_first_word = False
    while begin < at and (spoken.word(begin) in ("y", ",", ":") or spoken.word(begin) in (".", "-")):
        begin += 1
    name = _glued(spoken, begin, at)
    return (name, begin, lone) if name and name[0].isalnum() and name[-1].isalnum() else None


def _glued(spoken: Spoken, begin: int, end: int) -> str:
    letters = ""
    here = begin
    while here < end:
        word = spoken.word(here)
        if _low_line(spoken, here):
            letters, here = letters + "_", here + 2
            continue
        amount = amount_at(spoken, here) if is_numeral(word, spoken.language) and not word[0].isdecimal() else None
        if amount is not None and amount.end <= end:
            letters, here = letters + str(int(amount.value)), amount.end
            continue
        if word != ",":
            letters += _JOINTS.get(word) or _LETTERS.get(word, word)
        here += 1
    return letters


def _low_line(spoken: Spoken, at: int) -> bool:
    return at >= 0 and any(spoken.says(at, words) for words in _LOW_LINES)


def _is_joint(spoken: Spoken, at: int) -> bool:
    return spoken.word(at) in _JOINTS or _low_line(spoken, at - 1)
