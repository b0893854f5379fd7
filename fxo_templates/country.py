"""What the analogue lines of a country sound like, in neutral units: hertz and milliseconds.

Each vendor writes the same cadence in another unit (10 ms, 1 ms, seconds): the emitters convert, this file does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Mark = Literal["sourced", "learned", "memory", "derived", "guessed"]
"""How far a value may be trusted. `sourced`: read in a document; `learned`: measured on the customer's own line.
The other three are shipped, and told to the person who installs."""

TRUSTED: Final[frozenset[Mark]] = frozenset({"sourced", "learned"})

CallerIdType = Literal[
    "bellcore_fsk",
    "etsi_fsk_during_ring",
    "etsi_fsk_dtas",
    "etsi_fsk_line_reversal",
    "etsi_fsk_ring_pulse",
    "dtmf_during_ring",
    "dtmf_dtas",
    "dtmf_line_reversal",
    "dtmf_ring_pulse",
    "bt_fsk",
    "ntt_fsk",
    "dtmf_brazil",
]
"""How the exchange sends the caller's number. `during_ring` is between the first and the second ring, as Bellcore
does it; the others come before the first ring, announced by a tone (DTAS), a reversed line or a short ring."""

CALLER_ID_TYPES: Final[tuple[CallerIdType, ...]] = get_args(CallerIdType)

BETWEEN_RINGS: Final[frozenset[CallerIdType]] = frozenset({"bellcore_fsk", "etsi_fsk_during_ring", "dtmf_during_ring"})

Impedance = Literal["600", "900", "270+750||150nF", "220+820||120nF"]
"""Ohms of the exchange's side, and its network where it is complex. `270+750||150nF` is CTR21 (TBR21)."""

IMPEDANCES: Final[tuple[Impedance, ...]] = get_args(Impedance)

Cadence = tuple[tuple[int, int], ...]
"""(sound, silence) in milliseconds, repeated for ever; empty: sounds without a pause."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One call-progress tone."""

    frequencies_hz: tuple[int, ...]
    """One, or two that sound together."""
    cadence_ms: Cadence
    source: str
    """Where this was read or measured."""
    mark: Mark = "sourced"


@dataclass(frozen=True, slots=True)
class Ring:
    """How the bell rings."""

    cadence_ms: Cadence
    source: str
    mark: Mark = "sourced"

    @property
    def longest_gap_ms(self) -> int:
        """The longest silence between two rings; a gateway must not take it for a caller who gave up."""
        return max((off for _, off in self.cadence_ms), default=0)


@dataclass(frozen=True, slots=True)
class CallerId:
    """How the caller's number arrives."""

    type: CallerIdType
    source: str
    mark: Mark = "sourced"

    @property
    def rings_needed(self) -> int:
        """Answer after so many rings, and the number has arrived: it comes between ring 1 and 2, or before ring 1."""
        return 2 if self.type in BETWEEN_RINGS else 1


@dataclass(frozen=True, slots=True)
class LineImpedance:
    """What the line wants to see; a wrong one is heard as echo."""

    value: Impedance
    source: str
    mark: Mark = "sourced"


@dataclass(frozen=True, slots=True)
class CountryProfile:
    """A country's lines, or one customer's line after its tone has been learned."""

    iso: str
    """Two capital letters."""
    name: str
    name_es: str
    dial: Tone
    busy: Tone
    congestion: Tone
    ringback: Tone
    ring: Ring
    caller_id: CallerId
    impedance: LineImpedance
    hang_up: Tone | None = None
    """What the line plays after the other side has hung up; None: the busy tone. A learned profile says it."""

    def disconnect_tones(self) -> tuple[Tone, ...]:
        """Return the tones that mean "the other side is gone", the likeliest first, none of them twice."""
        first = self.hang_up or self.busy
        return (first,) if _sounds(first) == _sounds(self.congestion) else (first, self.congestion)

    def values(self) -> Mapping[str, Tone | Ring | CallerId | LineImpedance]:
        """Return every value that has a source, by its name."""
        values: dict[str, Tone | Ring | CallerId | LineImpedance] = {
            "dial": self.dial,
            "busy": self.busy,
            "congestion": self.congestion,
            "ringback": self.ringback,
            "ring": self.ring,
            "caller_id": self.caller_id,
            "impedance": self.impedance,
        }
        return values | ({"hang_up": self.hang_up} if self.hang_up else {})

    def untrusted(self) -> tuple[str, ...]:
        """Return the names of the values nobody has read in a document or measured."""
        return tuple(name for name, value in self.values().items() if value.mark not in TRUSTED)

    @property
    def tone_is_known(self) -> bool:
        """False when the hang-up tone is a guess: then learn it, or calls will not end."""
        return (self.hang_up or self.busy).mark in TRUSTED


def _sounds(tone: Tone) -> tuple[tuple[int, ...], Cadence]:
    return tone.frequencies_hz, tone.cadence_ms
