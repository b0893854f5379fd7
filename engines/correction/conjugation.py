"""Spanish verbs conjugated: all simple tenses, the commands, and the pronouns that are written onto a form. Pure.

Forms are built as grammars say: a stem under stress, a stem that is raised, a strong past, a shortened future.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TO_ACUTE: Final = str.maketrans("aeiou", "áéíóú")
_FROM_ACUTE: Final = str.maketrans("áéíóú", "aeiou")
_SINGLE: Final = ("me", "te", "se", "nos", "lo", "la", "los", "las", "le", "les")
_DOUBLE: Final = ("melo", "mela", "telo", "selo", "sela", "selos", "selas")
_FUTURE: Final = ("é", "ás", "á", "emos", "éis", "án", "ía", "ías", "íamos", "íais", "ían")
_PAST_SUBJUNCTIVE: Final = ("ra", "ras", "ran", "se", "ses", "sen")


@dataclass(frozen=True, slots=True)
class _Irregular:
    """What a family of verbs does its own way; None where it does as all do."""

    first: str | None = None
    """I, and the subjunctive's stem: "teng"."""
    strong: str | None = None
    """Of the past: "tuv"."""
    future: str | None = None
    participle: str | None = None
    command: str | None = None
    present: str | None = None
    """You (singular), he, they: their stem under stress."""


_FAMILIES: Final = {
    "tener": _Irregular("teng", "tuv", "tendr", None, "ten", "tien"),
    "poner": _Irregular("pong", "pus", "pondr", "puest", "pon"),
    "venir": _Irregular("veng", "vin", "vendr", None, "ven", "vien"),
    "salir": _Irregular("salg", None, "saldr", None, "sal"),
    "valer": _Irregular("valg", None, "valdr"),
    "hacer": _Irregular("hag", "hic", "har", "hech", "haz"),
    "satisfacer": _Irregular("satisfag", "satisfic", "satisfar", "satisfech", "satisfaz"),
    "decir": _Irregular("dig", "dij", "dir", "dich", "di", "dic"),
    "bendecir": _Irregular("bendig", "bendij", None, "bendecid", "bendice", "bendic"),
    "maldecir": _Irregular("maldig", "maldij", None, "maldecid", "maldice", "maldic"),
    "predecir": _Irregular("predig", "predij", None, "predich", "predice", "predic"),
    "traer": _Irregular("traig", "traj", None, "traíd"),
    "caer": _Irregular("caig", None, None, "caíd"),
    "poder": _Irregular("pued", "pud", "podr", None, None, "pued"),
    "querer": _Irregular("quier", "quis", "querr", None, None, "quier"),
    "saber": _Irregular("sep", "sup", "sabr"),
    "caber": _Irregular("quep", "cup", "cabr"),
    "andar": _Irregular(strong="anduv"),
    "ducir": _Irregular("duzc", "duj"),
    "abrir": _Irregular(participle="abiert"),
    "cubrir": _Irregular(participle="cubiert"),
    "cribir": _Irregular(participle="crit"),
    "volver": _Irregular(participle="vuelt"),
    "solver": _Irregular(participle="suelt"),
    "romper": _Irregular(participle="rot"),
    "morir": _Irregular(participle="muert"),
    "oír": _Irregular("oig", None, "oir", "oíd", "oye", "oy"),
    "imprimir": _Irregular(participle="impres"),
}
_WHOLE_ONLY: Final = frozenset({"andar", "poder", "querer", "saber", "caber", "valer", "salir", "oír"})
"""Families of one verb: "mandar" is not of "andar"."""
WHOLE: Final = {
    "ser": (
        "ser soy eres es somos sois son era eras éramos erais eran fui fuiste fue fuimos fuisteis fueron sea "
        "seas seamos seáis sean fuera fueras fuéramos fuerais fueran fuese fueses fuésemos fuesen seré serás "
        "será seremos seréis serán sería serías seríamos seríais serían siendo sido sé sed serlo serme serle "
        "siéndolo"
    ),
    "ir": (
        "ir voy vas va vamos vais van iba ibas íbamos ibais iban vaya vayas vayamos vayáis vayan iré irás irá "
        "iremos iréis irán iría irías iríamos iríais irían yendo ido ve vete váyase váyanse vámonos vayámonos "
        "irme irte irse irnos yéndome yéndose yéndonos yéndote"
    ),
    "haber": (
        "haber he has ha hemos habéis han hay había habías habíamos habíais habían hube hubo hubimos hubieron "
        "haya hayas hayamos hayáis hayan hubiera hubieras hubiéramos hubierais hubieran hubiese hubieses "
        "hubiésemos hubiesen habré habrás habrá habremos habréis habrán habría habrías habríamos habríais "
        "habrían habiendo habido haberme haberte haberse haberlo haberla haberle haberles habernos haberlos "
        "haberlas habérmelo habérselo habiéndome habiéndolo habiéndose"
    ),
    "estar": (
        "estar estoy estás está estamos estáis están estaba estabas estábamos estabais estaban estuve "
        "estuviste estuvo estuvimos estuvisteis estuvieron esté estés estemos estéis estén estuviera "
        "estuvieras estuviéramos estuvieran estuviese estuvieses estuviesen estaré estarás estará estaremos "
        "estaréis estarán estaría estarías estaríamos estarían estando estado estate estese estarme estarse "
        "estarlo estarle estándose estándolo"
    ),
    "dar": (
        "dar doy das da damos dais dan daba dabas dábamos dabais daban di diste dio dimos disteis dieron dé "
        "des demos deis den diera dieras diéramos dierais dieran diese dieses diesen daré darás dará daremos "
        "daréis darán daría darías daríamos darían dando dado dada dados dadas dame dale dales danos dámelo "
        "dámela dáselo deme denme dele denle denos démelo darme darte darse darle darles darnos darlo darla "
        "darlos dármelo dármela dárselo dársela dártelo dándome dándole dándose dándonos dándoles daos dad"
    ),
    "ver": (
        "ver veo ves ve vemos veis ven veía veías veíamos veíais veían vi viste vio vimos visteis vieron vea "
        "veas veamos veáis vean viera vieras viéramos vierais vieran viese vieses viesen veré verás verá "
        "veremos veréis verán vería verías veríamos verían viendo visto vista vistos vistas verme verte verse "
        "verle verles verlo verla verlos verlas vernos viéndolo viéndola viéndome viéndose viéndote véase "
        "véanse"
    ),
    "prever": (
        "prever preveo prevés prevé prevemos prevén preveía preveían previó previeron prevea prevean previera "
        "preverá preverán previendo previsto prevista previstos previstas"
    ),
    "errar": "errar yerro yerras yerra erramos yerran erró errado errada errando yerre yerren erraba",
    "oler": (
        "oler huelo hueles huele olemos oléis huelen olía olías olíamos olían olí olió olimos olieron huela "
        "huelas olamos huelan oliera olieran olerá olerán olería olido oliendo olerlo huélelo"
    ),
    "roer": "roer roe roen roía royó royeron royendo roído roída",
    "erguir": "erguir yergue yerguen irguió irguieron erguido erguida erguirse irguiéndose",
    "reír": (
        "reír río ríes ríe ríen reímos reís ría rías rían riamos reía reías reíamos reían reí reíste rió "
        "rieron riera rieran riese reiré reirá reirán reiría riendo reído reída reírse reírme reírnos "
        "riéndose riéndome"
    ),
    "sonreír": (
        "sonreír sonrío sonríes sonríe sonríen sonreímos sonría sonrían sonreía sonreían sonreí sonrió "
        "sonrieron sonriera sonreirá sonriendo sonreído"
    ),
    "freír": (
        "freír frío fríes fríe fríen freímos fría frían freía freí frió frieron friera freirá friendo freído "
        "frito frita fritos fritas freírlo freírla"
    ),
    "yacer": "yacer yace yacen yacía yacían yaciendo yacido",
}
"""Verbs without a rule, written out."""


def conjugated(infinitive: str, change: str = "") -> Iterator[str]:
    """Yield the forms of a verb; `change` says how its stem changes under stress ("ie", "ue", "i", "zc", "y", "í"…)."""
    if infinitive in WHOLE:
        yield from WHOLE[infinitive].split()
        return
    verb = _Verb(infinitive, change)
    yield from verb.forms()


def _family(infinitive: str) -> tuple[str, _Irregular]:
    """Return what stands before a verb's family name, and the family."""
    for length in range(len(infinitive), 2, -1):
        name = infinitive[-length:]
        if name in _FAMILIES and (length == len(infinitive) or name not in _WHOLE_ONLY):
            return infinitive[:-length], _FAMILIES[name]
    for longer in ("sobresalir", "desoír", "entreoír", "equivaler", "desandar"):
        if infinitive == longer:
            name = next(name for name in _WHOLE_ONLY if longer.endswith(name))
            return longer[: -len(name)], _FAMILIES[name]
    return "", _Irregular()


class _Verb:
    def __init__(self, infinitive: str, change: str) -> None:
        self._infinitive = infinitive
        self._stem = infinitive[:-2]
        self._vowel = infinitive[-2].translate(_FROM_ACUTE)
        before, own = _family(infinitive)
        self._own = _Irregular(
            *(
                None if part is None else before + part
                for part in (own.first, own.strong, own.future, own.participle, own.command, own.present)
            )
        )
        if (
            self._own.command
            and before
            and "a" <= self._own.command[-1] <= "z"
            and own.command in ("ten", "pon", "ven")
        ):
            self._own = _Irregular(  # mantén, propón
                self._own.first, self._own.strong, self._own.future, self._own.participle,
                self._own.command[:-2] + self._own.command[-2].translate(_TO_ACUTE) + "n", self._own.present,
            )  # fmt: skip
        self._stress, _, raised = change.partition("/")
        self._raised = raised or ("i" if self._stress == "i" else "")
        if not self._stress and self._vowel == "i" and self._stem.endswith("u") and self._stem[-2:-1] not in ("g", "q"):
            self._stress = "y"

    def forms(self) -> Iterator[str]:
        yield self._infinitive
        yield from self._present()
        yield from self._subjunctive()
        yield from self._past()
        yield from self._future()
        yield from self._participle()
        yield from self._commands()
        yield from _onto(self._infinitive, len(self._infinitive) - 2)
        gerund = self._gerund()
        yield gerund
        yield from _onto(gerund, len(gerund) - 4, doubles=())

    def _spelled(self, stem: str, ending: str) -> str:
        """Return stem and ending, spelled so that the stem's last consonant keeps its sound."""
        soft = ending[0].translate(_FROM_ACUTE) in "ei"
        if self._vowel == "a" and soft:
            if stem.endswith("gu"):
                return stem[:-1] + "ü" + ending
            for hard, spelled in (("c", "qu"), ("g", "gu"), ("z", "c")):
                if stem.endswith(hard):
                    return stem[:-1] + spelled + ending
        elif self._vowel != "a" and not soft:
            for hard, spelled in (("gu", "g"), ("qu", "c"), ("g", "j"), ("zc", "zc"), ("c", "z")):
                if stem.endswith(hard):
                    if stem == self._own.first:
                        return stem + ending
                    return stem[: -len(hard)] + spelled + ending
        return stem + ending

    def _stressed(self) -> str:
        return _changed(self._stem, "" if self._stress == "zc" else self._stress)

    def _first(self) -> str:
        if self._own.first:
            return self._own.first
        return self._stem[:-1] + "zc" if self._stress == "zc" else self._stressed()

    def _present(self) -> Iterator[str]:
        special = {"saber": "sé", "caber": "quepo"}.get(self._infinitive)
        if special:
            yield special
        else:
            first = self._first() if self._infinitive not in ("poder", "querer") else str(self._own.present)
            yield self._spelled(first, "o")
        stem = self._own.present or self._stressed()
        if self._infinitive.endswith(("oír",)):
            yield from (self._infinitive[:-2] + "yes", self._infinitive[:-2] + "ye", self._infinitive[:-2] + "yen")
        else:
            vowel = "a" if self._vowel == "a" else "e"
            yield from (self._spelled(stem, vowel + ending) for ending in ("s", "", "n"))
        plain = self._infinitive[:-2]
        if self._vowel == "a":
            yield from (plain + "amos", plain + "áis")
        elif self._vowel == "e":
            yield from (plain + "emos", plain + "éis")
        else:
            accented = plain[-1] in "aeo"
            yield from (plain + ("ímos" if accented else "imos"), plain + "ís")

    def _subjunctive(self) -> Iterator[str]:
        first, vowel = self._first(), "e" if self._vowel == "a" else "a"
        if self._own.present and self._infinitive in ("poder", "querer"):
            first = self._own.present
        yield from (self._spelled(first, vowel + ending) for ending in ("", "s", "n"))
        if self._own.first and self._infinitive not in ("poder", "querer"):
            together = self._own.first
        elif self._stress in ("zc", "y"):
            together = first
        elif self._vowel == "i" and self._raised:
            together = _changed(self._stem, self._raised)
        else:
            together = self._stem
        yield self._spelled(together, vowel + "mos")
        yield self._spelled(together, vowel.translate(_TO_ACUTE) + "is")

    def _past(self) -> Iterator[str]:
        stem, own = self._stem, self._own.strong
        imperfect = (
            ("aba", "abas", "ábamos", "abais", "aban") if self._vowel == "a" else ("ía", "ías", "íamos", "íais", "ían")
        )
        yield from (stem + ending for ending in imperfect)
        if own:
            he = own[:-1] + "zo" if own.endswith("hic") or own.endswith("fic") else own + "o"
            yield from (own + "e", own + "iste", he, own + "imos", own + "isteis")
            they = own + ("eron" if own.endswith("j") else "ieron")
            yield they
        elif self._vowel == "a":
            they = stem + "aron"
            yield from (self._spelled(stem, "é"), stem + "aste", stem + "ó", stem + "asteis", they)
        else:
            hiatus = stem[-1:] in "aeo"
            soft = "í" if hiatus else "i"
            yield from (stem + "í", stem + soft + "ste", stem + soft + "mos", stem + soft + "steis")
            yield self._closed() + ("ó" if self._is_swallowed() else "yó" if self._is_y() else "ió")
            they = self._third() + "eron"
            yield they
        base = they[:-3]
        yield from (base + ending for ending in _PAST_SUBJUNCTIVE)
        accented = base[:-1] + base[-1].translate(_TO_ACUTE)
        yield accented + "ramos"

    def _closed(self) -> str:
        """Return the stem of he and they in the past: sintió, durmió."""
        return _changed(self._stem, self._raised)

    def _is_y(self) -> bool:
        stem = self._closed()
        return stem[-1:] in "aeo" or (stem.endswith("u") and stem[-2:-1] not in ("g", "q"))

    def _is_swallowed(self) -> bool:
        return self._closed()[-1] == "ñ" or self._closed().endswith("ll")

    def _third(self) -> str:
        closed = self._closed()
        return closed if self._is_swallowed() else closed + ("y" if self._is_y() else "i")

    def _gerund(self) -> str:
        if self._vowel == "a":
            return self._stem + "ando"
        special = {"poder": "pudiendo", "decir": "diciendo", "venir": "viniendo"}
        for name, form in special.items():
            if self._infinitive.endswith(name) and (name != "poder" or self._infinitive == name):
                return self._infinitive[: -len(name)] + form
        return self._third() + "endo"

    def _future(self) -> Iterator[str]:
        stem = self._own.future or self._infinitive.translate(_FROM_ACUTE)
        yield from (stem + ending for ending in _FUTURE)

    def _participle(self) -> Iterator[str]:
        ending = "ad" if self._vowel == "a" else "íd" if self._stem[-1] in "aeo" else "id"
        stem = self._stem + ending
        for base in {self._own.participle or stem, stem if self._infinitive.endswith("imprimir") else ""} - {""}:
            yield from (base + ending for ending in ("o", "a", "os", "as"))

    def _commands(self) -> Iterator[str]:
        vowel, other = ("a", "e") if self._vowel == "a" else ("e", "a")
        stem = self._own.present or self._stressed()
        first = self._first()
        you = self._own.command or self._spelled(stem, vowel)
        sir = self._spelled(first, other)
        yield you
        yield self._stem + (vowel + "d" if self._vowel != "i" else "id")
        yield from _onto(you, _stress_of(you), doubles=_DOUBLE[:2])
        # "síguete" is said to a friend, "sígate" to nobody
        yield from (
            form
            for form in _onto(sir, _stress_of(sir), doubles=("melo", "mela", "noslo", "selo", "sela"))
            if not form.endswith("te")
        )
        yield from (form for form in _onto(sir + "n", _stress_of(sir), doubles=("melo", "mela")) if form[-2:] != "te")


def _stress_of(form: str) -> int:
    """Return which letter of a form that ends in a vowel (or is one syllable) bears the stress; -1 for none."""
    accented = [place for place, letter in enumerate(form) if letter in "áéíóú"]
    if accented:
        return accented[-1]
    nuclei: list[int] = []
    previous = -2
    for place, letter in enumerate(form):
        if letter not in "aeiouü":
            continue
        if letter in "uü" and form[place - 1 : place] in ("g", "q") and form[place + 1 : place + 2] in ("e", "i"):
            continue
        if previous == place - 1 and nuclei and (letter in "iuü" or form[previous] in "iuü"):
            if letter not in "iuü":
                nuclei[-1] = place  # the open vowel bears it: ie, ua
        else:
            nuclei.append(place)
        previous = place
    ends_open = form[-1] in "aeiouns"
    if not nuclei:
        return -1
    return nuclei[-2] if ends_open and len(nuclei) > 1 else nuclei[-1]


def _onto(form: str, stressed: int, doubles: tuple[str, ...] = _DOUBLE) -> Iterator[str]:
    """Yield the form with pronouns behind it, its stress written where the rules want it."""
    if stressed < 0:
        return
    accented = form[:stressed] + form[stressed].translate(_TO_ACUTE) + form[stressed + 1 :]
    is_last = not any(letter in "aeiouáéíóú" for letter in form[stressed + 1 :])
    hiatus = form[stressed] in "íú"
    plain = form if hiatus else form[:stressed] + form[stressed].translate(_FROM_ACUTE) + form[stressed + 1 :]
    for pronoun in _SINGLE:
        yield (plain if is_last else accented) + pronoun
    for pronouns in doubles:
        yield accented + pronouns


def _changed(stem: str, change: str) -> str:
    """Return the stem under stress: its last e, o or u broken open, its last vowel accented, or y put behind it."""
    if change in ("ie", "ue", "i", "u"):
        place = max(
            stem.rfind(vowel) for vowel in (("e", "i") if change == "ie" else ("e",) if change == "i" else ("o", "u"))
        )
        if change in ("ue", "u") and place > 0 and stem[place] == "u" and stem[place - 1] in "gq":
            place = stem.rfind("o")
        if place < 0:
            return stem
        if change == "ue" and place and stem[place - 1] == "g":  # avergüenza
            return stem[:place] + "üe" + stem[place + 1 :]
        if change == "ue" and place == 0:
            return "h" + change + stem[1:]
        return stem[:place] + change + stem[place + 1 :]
    if change in ("í", "ú"):
        place = stem.rfind("i" if change == "í" else "u")
        return stem[:place] + change + stem[place + 1 :] if place >= 0 else stem
    return stem + "y" if change == "y" else stem
