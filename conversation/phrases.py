"""Words that say something about whose turn it is, by language.

Everything here is compared after `simplified`: lower case, without accents and punctuation ("¡Sí, sí!" → si si).
"""

from dataclasses import dataclass
from typing import Final

from vocabulary.spoken import unaccented

Words = tuple[str, ...]


def simplified(text: str) -> Words:
    """Return the words of `text` in lower case, without accents and punctuation.

    Unlike `vocabulary.spoken.words`, a point between two digits parts words: groups of digits count one by one here.
    """
    return tuple("".join(letter if letter.isalnum() or letter == "@" else " " for letter in unaccented(text)).split())


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's signs of who wants to speak."""

    backchannels: frozenset[str]
    """Words with which people show that they listen; a few of them in a row are still nothing more."""
    whole_answers: frozenset[Words]
    """Whole utterances after which nobody waits for more."""
    yes_no: frozenset[str]
    """First words of an answer to a yes-or-no question."""
    unfinished: frozenset[Words]
    """Last words (one to four of them) after which more must come."""
    numbers: frozenset[str]
    """Words of a number that is being dictated."""
    dictation: frozenset[str]
    """Words hardly heard outside e-mail addresses and spellings."""
    address_endings: frozenset[str]
    """Last words with which an e-mail address is complete."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[Words]:
    return frozenset(tuple(phrase.split()) for phrase in text.split(","))


SPANISH: Final = Phrases(
    backchannels=_words(
        "aja ajam aha ah oh mm mmm mhm hm hmm hum uhum si sip ok okey okay oka claro ya vale bien bueno de acuerdo"
        " entiendo entendido perfecto correcto exacto veo muy"
    ),
    whole_answers=_phrases(
        "si,no,si si,no no,si gracias,no gracias,si por favor,si claro,claro,claro que si,claro que no,por supuesto,"
        "vale,ok,okey,okay,de acuerdo,correcto,si correcto,exacto,si exacto,eso es,si eso es,asi es,afirmativo,"
        "negativo,nada,nada mas,no nada mas,eso es todo,no eso es todo,gracias,muchas gracias,no muchas gracias,bien,"
        "perfecto,muy bien,esta bien,ninguno,ninguna,no se,no lo se,adios,hasta luego"
    )
    | _phrases("si senor,no senor,si senorita,no senorita"),
    yes_no=_words(
        "si sip no claro vale ok okey okay aja mhm correcto exacto afirmativo negativo nunca ninguno ninguna"
    ),
    unfinished=_phrases(
        "y,o,u,ni,de,del,al,en,con,por,para,sin,sobre,hasta,desde,que,pero,porque,pues,cuando,donde,el,los,las,un,unos,"
        "unas,mi,mis,tu,su,sus,nuestro,nuestra,eh,em,este eh,pues eh,entonces,osea,o sea,aunque,mientras,son,soy,muy,"
        "quiero,quisiera,queria,necesito,tengo,llamo,me llamo,me,se me,podria,"
        "numero es,nombre es,correo es,direccion es,dni es,telefono es,codigo es,clave es,problema es,apellido es,"
        "contrato es,pasa es,que es,porque es,vivo en,es que,es la,para la,de la,en la,a la,con la,por la,y la,y el,"
        "quiero una,necesito una,tengo una,hay una,una de,voy a,vamos a,llamar a,hablar a,gustaria,me gustaria,a ver,"
        "vamos a ver,es decir,es un,es una,de mi,yo"
    ),
    numbers=_words(
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete"
        " dieciocho diecinueve veinte veintiun veintiuno veintidos veintitres veinticuatro veinticinco veintiseis"
        " veintisiete veintiocho veintinueve treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento"
        " doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos mil doble"
        " triple"
    ),
    dictation=_words("arroba guion subguion barrabaja @"),
    address_endings=_words("com es net org mx ar co cl pe ec uy edu gob info eu"),
)

ENGLISH: Final = Phrases(
    backchannels=_words(
        "ok okay yeah yes yep yup right mm mmm mhm hm hmm uh huh aha ah oh sure good great fine alright cool exactly"
        " correct i see got it of course"
    ),
    whole_answers=_phrases(
        "yes,no,yeah,yep,nope,yes please,no thanks,no thank you,yes thanks,ok,okay,sure,of course,of course not,"
        "right,correct,that is right,thats right,that s right,exactly,thanks,thank you,thank you very much,bye,goodbye,"
        "nothing,nothing else,that is all,thats all,that s all,no that is all,no that s all,fine,all right,none,"
        "alright,neither,i do not know,i don t know,i dont know"
    ),
    yes_no=_words("yes no yeah yep yup nope ok okay sure right correct mhm never none"),
    unfinished=_phrases(
        "and,or,but,of,to,the,a,an,at,for,from,with,without,about,because,if,which,my,your,his,our,their,we,they,is,are,"
        "was,were,am,um,er,erm,very,than,as,i,i want,i need,i would,i would like,i d like,want that,think that,so that,"
        "is that,and then,live in,i was"
    ),
    numbers=_words(
        "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand double"
        " triple"
    ),
    dictation=_words("hyphen underscore dash @"),
    address_endings=_words("com net org uk us ca au edu gov info io eu"),
)

_LANGUAGES: Final = {"es": SPANISH, "en": ENGLISH}


def phrases_of(language: str) -> Phrases:
    """Return the lists of an ISO 639-1 language; one we have no lists for gets the Spanish ones."""
    return _LANGUAGES.get(language, SPANISH)
