"""The forms in which callers tell what somebody does or did: third person and participle, without accents.

No subjunctive: "no me llaman" complains, "no me llamen" asks. The first person of the past is spelt like it once its
accent is gone ("contesté", "conteste"), and is left out, too.
"""

from typing import Final

_ENDINGS: Final = {
    "ar": (("a", "an"), ("o", "aron", "aba", "aban", "ara", "aran", "ado", "ada", "ados", "adas", "ar", "ando")),
    "er": (("e", "en"), ("io", "ieron", "ia", "ian", "era", "eran", "ido", "ida", "idos", "idas", "er", "iendo")),
    "ir": (("e", "en"), ("io", "ieron", "ia", "ian", "ira", "iran", "ido", "ida", "idos", "idas", "ir", "iendo")),
}
"""By kind of verb: endings of the present, whose stem may change, and all others."""


def told_of_others(verbs: str) -> frozenset[str]:
    """Return the forms of verbs written as `contest-ar`, or `resolv-er/resuelv` where the present changes its stem.

    Forms that follow no rule are added behind a colon: `resolv-er/resuelv:resuelto`.
    """
    forms: set[str] = set()
    for verb in verbs.split():
        regular, _, irregular = verb.partition(":")
        stem, _, kind = regular.partition("-")
        kind, _, changed = kind.partition("/")
        present, others = _ENDINGS[kind]
        forms.update((changed or stem) + ending for ending in present)
        forms.update(stem + ending for ending in others)
        forms.update(filter(None, irregular.split("+")))
    return frozenset(forms)
