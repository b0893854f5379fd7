"""What is said, and what a mind is told, when a call needs more than an answer: sentences by language."""

from dataclasses import dataclass
from typing import Final

from conversation.clarification import Clarification, Strategy
from conversation.context import ContextAnalysis, Issue
from conversation.critical_words import Kind
from conversation.sentiment import Mood, Sentiment


@dataclass(frozen=True, slots=True)
class UnderstandingPhrases:
    """One language's sentences; `{quote}` is what the ear heard."""

    offer_person: str
    """To a caller whom we do not help well."""
    confirm: str
    confirm_in_passing: str
    dictate_again: str
    spell_name: str
    spell_address: str
    say_again: str
    """After we quoted wrongly."""
    moods: dict[Mood, str]
    """For the mind, as are the rest."""
    issues: dict[Issue, str]
    offer: str
    was_offered: str


SPANISH: Final = UnderstandingPhrases(
    offer_person="Lamento las molestias. ¿Prefiere que le comunique con una persona?",
    confirm="Perdone, para no equivocarme: ¿ha dicho «{quote}»?",
    confirm_in_passing="He entendido «{quote}».",
    dictate_again="Perdone, no he oído bien el número. ¿Me lo repite cifra a cifra?",
    spell_name="Perdone, no he entendido bien el nombre. ¿Me lo puede deletrear?",
    spell_address="Perdone, no he entendido bien la dirección de correo. ¿Me la puede deletrear?",
    say_again="Perdone, le he entendido mal. ¿Me lo puede repetir?",
    moods={
        Mood.FRUSTRATED: "El cliente está molesto: reconócelo en una frase corta, sin excusas, y ve a la solución.",
        Mood.CONFUSED: "El cliente no te sigue: una sola idea por frase, palabras sencillas y ningún tecnicismo.",
        Mood.POSITIVE: "El cliente está contento: mantén el tono.",
    },
    issues={
        Issue.REPEATED_QUESTION: "Repite una pregunta: tu respuesta no le sirvió. Contéstala de otra manera.",
        Issue.USER_FRUSTRATED: "Lleva varias frases molesto.",
        Issue.EXPLICIT_ESCALATION: (
            "IMPORTANTE: ha pedido hablar con una persona. Dile en una frase que le comunicas, y hazlo ahora mismo con"
            " la herramienta de transferencia. No preguntes nada más."
        ),
        Issue.USER_CONFUSED: "Pregunta mucho seguido: simplifica, y comprueba que te ha entendido antes de seguir.",
    },
    offer=(
        "IMPORTANTE: necesita ayuda de una persona. Ofrécele con empatía, y una sola vez, comunicarle con un compañero."
    ),
    was_offered="Ya se le ofreció hablar con una persona y no quiso: no insistas.",
)

ENGLISH: Final = UnderstandingPhrases(
    offer_person="I am sorry about this. Would you rather speak to a person?",
    confirm="Sorry, just to be sure: did you say “{quote}”?",
    confirm_in_passing="I understood “{quote}”.",
    dictate_again="Sorry, I did not catch the number. Could you repeat it digit by digit?",
    spell_name="Sorry, I did not catch the name. Could you spell it for me?",
    spell_address="Sorry, I did not catch the e-mail address. Could you spell it for me?",
    say_again="Sorry, I got that wrong. Could you say it again?",
    moods={
        Mood.FRUSTRATED: "The caller is upset: acknowledge it in one short sentence, no excuses, then solve it.",
        Mood.CONFUSED: "The caller does not follow: one idea a sentence, plain words, no jargon.",
        Mood.POSITIVE: "The caller is content: keep the tone.",
    },
    issues={
        Issue.REPEATED_QUESTION: "They repeat a question: your answer did not help. Answer it differently.",
        Issue.USER_FRUSTRATED: "They have been upset for several turns.",
        Issue.EXPLICIT_ESCALATION: (
            "IMPORTANT: they asked for a person. Say in one sentence that you are putting them through, and do it now"
            " with the transfer tool. Ask nothing more."
        ),
        Issue.USER_CONFUSED: "They ask a lot in a row: simplify, and make sure they follow before you go on.",
    },
    offer="IMPORTANT: they need help from a person. Offer once, kindly, to put them through to a colleague.",
    was_offered="A person was offered already and declined: do not insist.",
)

_LANGUAGES: Final = {"es": SPANISH, "en": ENGLISH}


def understanding_phrases(language: str) -> UnderstandingPhrases:
    """Return the sentences of an ISO 639-1 language; one we have none for gets the Spanish ones."""
    return _LANGUAGES.get(language, SPANISH)


def clarifying(clarification: Clarification, language: str = "es") -> str:
    """Return what is said to make sure."""
    phrases = understanding_phrases(language)
    match clarification.strategy:
        case Strategy.IMPLICIT:
            return phrases.confirm_in_passing.format(quote=clarification.quote)
        case Strategy.SPELL_OUT:
            return phrases.spell_address if clarification.kind is Kind.ADDRESS else phrases.spell_name
        case Strategy.EXPLICIT:
            if clarification.is_dictation:
                return phrases.dictate_again
            return phrases.confirm.format(quote=clarification.quote)


def guidance(
    sentiment: Sentiment, context: ContextAnalysis, language: str = "es", *, was_declined: bool = False
) -> str:
    """Return what a mind should mind in this answer, in its agent's language; "" when all goes well."""
    phrases = understanding_phrases(language)
    told = [phrases.moods[sentiment.mood]] if sentiment.mood in phrases.moods else []
    told += [phrases.issues[issue] for issue in context.issues]
    if context.needs_escalation and not context.is_person_wanted:
        told.append(phrases.was_offered if was_declined else phrases.offer)
    return " ".join(told)
