"""Whether a caller asks for a person, in so many words.

A wrong yes sends somebody away who only said "persona física"; a wrong no keeps somebody with a machine who asked to be
let go. So a word alone never decides, unless it is all that was said: it takes a wish (to speak with, to be put
through, to be attended by) and somebody who is ours to give.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conversation.sentiment_lexicon import spoken_words


@dataclass(frozen=True, slots=True)
class _Grammar:
    """One language's ways to ask; everything is matched against plain words parted by one space."""

    wishes: tuple[re.Pattern[str], ...]
    """Any of them asks for a person, where none of `excuses` is found."""
    excuses: tuple[re.Pattern[str], ...]
    """It was denied, it is past, it is somebody of the caller's own."""
    against_machines: re.Pattern[str]
    """Asks for a person by refusing what we are; stronger than every excuse."""
    bare: re.Pattern[str]
    """The whole turn."""


_PEOPLE_ES: Final = (
    r"(?:persona(?:s)?|humano|humana|ser humano|agente|operador|operadora|asesor|asesora|ejecutivo|ejecutiva|"
    r"representante|supervisor|supervisora|gerente|jefe|jefa|encargado|encargada|responsable|superior|director|directora|"
    r"companero|companera|companeros|empleado|empleada|alguien|alguno|especialista|tecnico|tecnica|recepcionista|doctor|doctora|medico|"
    r"departamento|gente|senor|senora|teleoperador|teleoperadora|comercial|vendedor)"
)
_BARE_PEOPLE_ES: Final = (
    r"(?:persona|humano|humana|ser humano|agente|operador|operadora|asesor|asesora|ejecutivo|ejecutiva|representante|"
    r"supervisor|supervisora|gerente|jefe|encargado|encargada|teleoperador|teleoperadora|alguien)"
)
_WANTS_ES: Final = (
    r"(?:quiero|quisiera|queria|necesito|deseo|prefiero|preferiria|exijo|pido|solicito|gustaria|puedo|podria|pudiera|"
    r"puede|posible|dejeme|deja|dejame|permitame|urge|hay|habra|haber|tengo que)"
)
_BETWEEN: Final = r"(?: \w+){0,3}? "
_PUT_ES: Final = r"(?:paseme|pasame|pasenme|pongame|ponme|ponganme|pasa me|pase me)"
_MAY_ES: Final = r"me (?:puede |puedes |podria |podrias )?"
_DESKS_ES: Final = (
    rf"(?:{_PEOPLE_ES}|facturacion|ventas|soporte|administracion|reclamaciones|recepcion|averias|cobranza)"
)
_MACHINES_ES: Final = (
    r"(?:maquina|robot|bot|contestador|contestadora|grabacion|computadora|ordenador|inteligencia artificial)"
)
_MONEY_ES: Final = (
    r"(?: (?:el|la|los|las|mi|mis|un|una|unos|unas))? (?:saldo|dinero|pago|puntos|euros|pesos|datos|archivo|\d+)"
)

_SPANISH: Final = _Grammar(
    wishes=tuple(
        re.compile(pattern)
        for pattern in (
            rf"\b{_WANTS_ES}\b(?: \w+){{0,3}}? (?:hablar|tratar|hablarlo|tratarlo|verlo) con{_BETWEEN}?{_PEOPLE_ES}\b",
            rf"^(?:si |oiga |oye |no |pues )*hablar con{_BETWEEN}?{_PEOPLE_ES}\b",
            rf"\bque (?:me|se|nos) (?:atienda|ponga|pase|llame)n?{_BETWEEN}?{_PEOPLE_ES}\b",
            rf"\b{_PEOPLE_ES}(?: \w+){{0,2}}? que me (?:pueda |quiera )?(?:atienda|ayude|atender|ayudar)\b",
            rf"\bque (?:venga|salga)(?: \w+){{0,2}}? {_BARE_PEOPLE_ES}\b",
            rf"\bse (?:puede|podria) poner{_BETWEEN}?{_PEOPLE_ES}\b",
            rf"\b(?:paseme|pasele|pasame|pasale) el telefono a{_BETWEEN}?{_PEOPLE_ES}\b",
            rf"\b(?:deme|denme|dame) (?:con|a){_BETWEEN}?{_PEOPLE_ES}\b",
            rf"\b{_WANTS_ES}\b(?: \w+){{0,2}}? (?:atender|ayudar){_BETWEEN}?{_PEOPLE_ES}\b",
            r"\b(?:hay|habra|haber|hubiera) alguien\b.*\b(?:hablar|hable|atienda|ayude|atender|ayudar)\b",
            rf"\b{_PUT_ES}(?: ya| ahora)? con \w+",
            rf"\b{_PUT_ES}(?: ya| ahora)? al?{_BETWEEN}?{_DESKS_ES}\b",
            rf"\b{_MAY_ES}(?:pasa|pasas|pasar|pone|pones|poner) (?:con|al?)(?: \w+){{0,2}}? {_DESKS_ES}\b",
            r"\b(?:comuniqueme|comunicame|comuniquenme|enlaceme|enlazame)\b",
            r"\b(?:conecteme|conectame) (?:con|a) \w+",
            rf"\b{_MAY_ES}(?:comunica|comunicas|comunicar|comuniquen|comunique|conecta|enlaza|comunicaria|comunicarias)"
            r" (?:con|al?)\b",
            r"\b(?:quiero|pido|exijo|necesito|prefiero|quisiera) que me "
            r"(?:pasen?|transfieran?|comuniquen?|pongan?|atiendan?)(?: ya| ahora)?(?: (?:con|a)\b|$)",
            rf"\b(?:transfierame|transfiereme|transfieranme|transferirme)\b(?!{_MONEY_ES})",
            rf"\b{_MAY_ES}(?:transfiere|transferir|transfiera)\b(?!{_MONEY_ES})",
            r"\b(?:deme|dame|denme|quiero|necesito)(?: a)? (?:un|una) (?:ser )?"
            r"(?:humano|humana|operador|operadora|persona real|persona de verdad)\b",
            r"\b(?:con|a) (?:un|una|algun|alguna) (?:persona|agente) (?:real|de verdad|humana|humano)\b",
        )
    ),
    excuses=tuple(
        re.compile(pattern)
        for pattern in (
            r"\b(?:no|tampoco|nunca|sin) (?:me |se |lo |le )?(?:quiero|quisiera|necesito|hace falta|deseo|prefiero|"
            r"pase|pases|pasen|transfiera|transfieras|transfieran|comunique|comuniques|comuniquen|ponga|pongas)\b",
            r"\bprefiero no\b",
            r"\bhablar con(?: el| la)? ?(?:mi|mis|nuestro|nuestra|nuestros)\b",
            r"\b(?:lo que|que es lo que|cosa que) me pasa\b",
            r"\bque(?: es lo que)? me pasa\b",
        )
    ),
    against_machines=re.compile(
        rf"\bno (?:quiero|quisiera|pienso|voy a|me gusta|puedo|deseo|hablo|necesito)\b(?: \w+){{0,4}}? "
        rf"(?:con|por|a) (?:una |un |la |el )?{_MACHINES_ES}\b|"
        rf"\b(?:con|a) (?:una |un |la |el )?{_MACHINES_ES} no (?:hablo|quiero|hablar)\b"
    ),
    bare=re.compile(
        r"^(?:(?:con|a|un|una|el|la|su|algun|alguna|ya|si|quiero|quisiera|prefiero|necesito|mejor|oiga) )*"
        rf"{_BARE_PEOPLE_ES}"
        r"(?: (?:real|humana|humano|de verdad|por favor|ya|ahora|mismo|porfa|porfavor|de carne y hueso))*$"
        r"|^con (?:el departamento de )?(?:facturacion|ventas|soporte|administracion|reclamaciones|recepcion|averias|"
        r"cobranza)(?: por favor)?$"
    ),
)

_PEOPLE_EN: Final = (
    r"(?:person|people|human|human being|agent|operator|advisor|adviser|representative|rep|supervisor|manager|boss|"
    r"someone|somebody|anyone|technician|colleague|specialist|department|receptionist|doctor)"
)
_MACHINES_EN: Final = r"(?:machine|robot|bot|computer|recording|ai|voicemail)"

_ENGLISH: Final = _Grammar(
    wishes=tuple(
        re.compile(pattern)
        for pattern in (
            rf"\b(?:speak|talk) (?:to|with){_BETWEEN}?{_PEOPLE_EN}\b",
            r"\b(?:put|patch) me (?:through|on)\b",
            r"\b(?:transfer|connect) me\b",
            rf"\b(?:get|give|find) me{_BETWEEN}?{_PEOPLE_EN}\b",
            rf"\b{_PEOPLE_EN} i (?:can|could) (?:speak|talk) (?:to|with)\b",
            r"\b(?:deal|dealing) with (?:a|an) (?:real )?(?:person|human|human being|agent)\b",
            rf"\b(?:have|get) (?:your|a|an|the) {_PEOPLE_EN} on the (?:line|phone)\b",
            r"\b(?:give|get) me (?:a|an|your) (?:real )?(?:agent|human|person|supervisor|manager)\b",
            r"\b(?:want|need|prefer|like)(?: to have)? (?:a|an|the) (?:real |live |actual )?"
            r"(?:human|operator|representative|supervisor|person)\b",
        )
    ),
    excuses=tuple(
        re.compile(pattern)
        for pattern in (
            r"\b(?:dont|do not|didnt|no need to|not|never)\b(?: \w+){0,3}? "
            r"(?:speak|talk|transfer|connect|put|want|need)\b",
            r"\b(?:speak|talk) (?:to|with) (?:my|our)\b",
        )
    ),
    against_machines=re.compile(
        rf"\b(?:dont|do not|not|refuse to|wont)\b(?: \w+){{0,4}}? (?:to|with) (?:a |an |the |this )?{_MACHINES_EN}\b"
    ),
    bare=re.compile(
        r"^(?:(?:a|an|the|your|real|live|human|i want|i need|get me|yes) )*"
        r"(?:person|human|human being|agent|operator|representative|supervisor|manager|advisor)(?: (?:please|now))*$"
    ),
)

_GRAMMARS: Final[Mapping[str, _Grammar]] = {"es": _SPANISH, "en": _ENGLISH}


def asks_for_person(text: str, language: str = "es") -> bool:
    """True when the turn asks to be handed over to somebody."""
    said = " ".join(spoken_words(text))
    grammar = _GRAMMARS.get(language, _SPANISH)
    if grammar.against_machines.search(said) or grammar.bare.match(said):
        return True
    if any(excuse.search(said) for excuse in grammar.excuses):
        return False
    return any(wish.search(said) for wish in grammar.wishes)
