"""What a dialogue is told about its agent: the fixed sentences, the tools, and whom callers can be handed over to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conversation.clarification import MOST_CLARIFICATIONS
from conversation.orders import TransferKind
from conversation.tools import ALWAYS_OFFERED, TOOLS, TRANSFER_TO_AGENT
from vocabulary.thought import ToolSpec


@dataclass(frozen=True, slots=True)
class Phrases:
    """The agent's fixed sentences: their sound exists before anybody needs it."""

    greeting: str = "Hola, ¿en qué puedo ayudarle?"
    one_moment: str = "Un momento, por favor."
    after_gap: str = "Disculpe, ¿me decía?"
    """After a crash or an answer that broke off."""
    not_understood: tuple[str, ...] = ("Perdone, no le he entendido. ¿Me lo puede repetir?",)
    offer_person: str = "No consigo entenderle bien. ¿Quiere que le comunique con una persona?"
    offer_declined: str = "De acuerdo. Dígame."
    trouble: str = "Disculpe, tengo un problema técnico. Le comunico con una persona."
    transfer: str = "Le comunico ahora mismo."
    """Before a transfer of which the mind said nothing."""
    transfer_failed: str = "Lo siento, en este momento no pueden atenderle. ¿Puedo ayudarle en algo más?"
    silence: tuple[str, ...] = ("¿Sigue ahí?", "¿Me oye?")
    silence_goodbye: str = "No le oigo. Puede llamarnos cuando quiera. Hasta luego."
    goodbye: str = "Gracias por llamar. Hasta luego."
    """Before hanging up when the mind said nothing."""

    def rehearsed(self) -> tuple[str, ...]:
        """Return every sentence, for the cache of prompts."""
        single = (
            self.greeting, self.one_moment, self.after_gap, self.offer_person, self.offer_declined, self.trouble,
            self.transfer, self.transfer_failed, self.silence_goodbye, self.goodbye,
        )  # fmt: skip
        return tuple(dict.fromkeys((*single, *self.not_understood, *self.silence)))


@dataclass(frozen=True, slots=True)
class DialogueSettings:
    """What the dialogue needs to know of its agent."""

    agent: str
    language: str = "es"
    phrases: Phrases = field(default_factory=Phrases)
    tools: tuple[str, ...] = ()
    """Names, of `conversation.tools.TOOLS`."""
    targets: Mapping[str, TransferKind] = field(default_factory=dict)
    """Ids of the transfer targets, and how callers are handed over to them."""
    target_names: Mapping[str, str] = field(default_factory=dict)
    """Who they are, for the mind."""
    person: str = ""
    """Target for callers we cannot help; "" is the fallback in the dialplan."""
    manager: str = ""
    """Target of `transfer_to_manager`; "" is `person`."""
    max_not_understood: int = 3
    """Turns in a row; then a person is offered."""
    max_clarifications: int = MOST_CLARIFICATIONS
    """A call; 0: whatever is doubtful is taken as it was heard."""
    max_tool_rounds: int = 4
    """A turn; a mind that wants more is going round in circles."""
    max_history: int = 200
    """Messages shown to the mind, the newest ones."""

    def offered_tools(self) -> tuple[ToolSpec, ...]:
        """Return what a mind may wish for."""
        names = dict.fromkeys((*self.tools, *ALWAYS_OFFERED, *((TRANSFER_TO_AGENT,) if self.targets else ())))
        targets = {target: self.target_names.get(target, target) for target in self.targets}
        return tuple(TOOLS[name].spec(targets) for name in names)
