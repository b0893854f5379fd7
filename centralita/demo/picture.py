"""One call as one picture: who sounded when, in which words, how long our answers took, where we were interrupted.

The words in it are Spanish, like the calls. Colours are Okabe and Ito's, which colour-blind people can tell apart.
"""

import textwrap
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from centralita.demo.performance import Performance
from centralita.demo.report import BargeIn, barge_in_of, findings, pauses_ms
from centralita.demo.sound import Track
from centralita.demo.spans import Span, spans_of

BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
GREEN: Final = "#009E73"
SKY: Final = "#56B4E9"
PINK: Final = "#CC79A7"
YELLOW: Final = "#E69F00"
GREY: Final = "#BDBDBD"
INK: Final = "#222222"
FAINT: Final = "#8A8A8A"
STAGES: Final = {
    "silence_ms": ("espera", GREY),
    "stt_ms": ("oído", SKY),
    "llm_ms": ("mente", YELLOW),
    "tts_ms": ("boca", GREEN),
    "own_ms": ("lo demás", PINK),
}
ENDINGS: Final = {"agent_hung_up": "el agente se despide y cuelga", "transferred": "habla con una persona"}
_HEADING: Final[dict[str, Any]] = {"fontsize": 12.5, "weight": "bold", "color": INK}
_WIDTH_INCHES: Final = 18.0
_COLUMNS: Final = 1800
_LETTERS_PER_INCH: Final = 14.0
_LANE: Final = 0.62
"""Height of a waveform above and below its line."""
_LOUD: Final = 16000.0
_CALLER_Y: Final = 2.3
_AGENT_Y: Final = 0.0
_COLLEAGUE_Y: Final = -2.6


def draw(performance: Performance, path: Path) -> None:
    """Write the picture of a call whose recording is there. Does file I/O and takes about a second."""
    figure = Figure(figsize=(_WIDTH_INCHES, 9.6), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2, 2, height_ratios=(3.0, 1.0), width_ratios=(1.75, 1.0), left=0.065, right=0.985, top=0.9, bottom=0.07,
        hspace=0.24, wspace=0.06,
    )  # fmt: skip
    barge_in = barge_in_of(performance)
    scenario = performance.scenario
    figure.text(0.065, 0.955, scenario.title, fontsize=21, weight="bold", color=INK)
    figure.text(0.065, 0.922, _subtitle(performance), fontsize=11.5, color=FAINT)
    _draw_call(figure.add_subplot(grid[0, :]), performance, barge_in)
    _draw_latencies(figure.add_subplot(grid[1, 0]), performance)
    _draw_facts(figure.add_subplot(grid[1, 1]), performance, barge_in)
    figure.savefig(path)


def _subtitle(performance: Performance) -> str:
    scenario = performance.scenario
    ending = ENDINGS.get(performance.ending, performance.ending)
    length = _number(_length(performance), 1)
    return (
        f"{scenario.caller.name} ({scenario.caller.number}) llama al {scenario.did} · {length} s · "
        f"{ending} · voces sintéticas; el oído «tiny» es solo para demostraciones y pruebas"
    )


def _length(performance: Performance) -> float:
    heard = performance.track(performance.caller_sound, "heard")
    recording = performance.recording
    return max(heard.ends_at, recording.agent.ends_at if recording else 0.0)


# ── the call over time ──


def _draw_call(axes: Axes, performance: Performance, barge_in: BargeIn | None) -> None:
    recording, scenario = performance.recording, performance.scenario
    assert recording is not None
    has_colleague = scenario.colleague is not None
    seconds = _length(performance)
    axes.set_xlim(-0.2, seconds + 0.3)
    axes.set_ylim(-4.35 if has_colleague else -1.95, 4.15)
    lanes = [(_CALLER_Y, scenario.caller.name, BLUE), (_AGENT_Y, "Marta\n(agente)", ORANGE)]
    if scenario.colleague is not None:
        lanes.append((_COLLEAGUE_Y, f"{scenario.colleague.name}\n(ext. {scenario.colleague.number})", GREEN))
    axes.set_yticks([y for y, _, _ in lanes], [name for _, name, _ in lanes], fontsize=12.5, weight="bold")
    for label, (y, _, colour) in zip(axes.get_yticklabels(), lanes, strict=True):
        label.set_color(colour)
        axes.axhline(y, color=colour, linewidth=0.6, alpha=0.4, zorder=1)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", colors=FAINT)
    axes.set_xlabel("segundos de la llamada", color=FAINT)
    axes.set_xticks(np.arange(0, seconds + 0.3, 2))
    axes.grid(axis="x", color="#EEEEEE", zorder=0)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#CCCCCC")

    connected = performance.transfer_at("connected")
    until = seconds if connected is None else connected
    # Until people are connected the recording is the product's; afterwards only the telephones know.
    _wave(axes, recording.caller.between(0, until), _CALLER_Y, BLUE)
    ringing = performance.transfer_at("ringing")
    _wave(axes, recording.agent.between(0, until if ringing is None else ringing), _AGENT_Y, ORANGE)
    if ringing is not None:
        _wave(axes, recording.agent.between(ringing, until), _AGENT_Y, FAINT)
        _label(axes, ringing, _AGENT_Y + 0.42, "el cliente oye el tono de llamada", FAINT)
    _draw_transfer(axes, performance, connected, seconds)
    spans = spans_of(performance.turns, recording.caller, recording.agent)
    _bubbles(axes, [span for span in spans if span.speaker == "caller"], _CALLER_Y + 0.78, BLUE, seconds, is_above=True)
    _bubbles(axes, [span for span in spans if span.speaker == "agent"], _AGENT_Y - 0.78, ORANGE, seconds)
    _draw_answer_times(axes, spans)
    if barge_in is not None:
        _draw_barge_in(axes, barge_in)


def _wave(axes: Axes, track: Track, y: float, colour: str) -> None:
    if not len(track.samples):
        return
    chunk = max(1, round(track.rate * _WIDTH_INCHES / _COLUMNS))
    whole = len(track.samples) // chunk * chunk
    pieces = track.samples[:whole].reshape(-1, chunk).astype(float)
    # The square root lets soft consonants be seen beside loud vowels.
    high, low = (np.sqrt(np.clip(np.abs(edge), 0, _LOUD) / _LOUD) * _LANE for edge in (pieces.max(1), pieces.min(1)))
    times = track.starts_at + np.arange(len(pieces)) * chunk / track.rate
    axes.fill_between(times, y - low, y + high, color=colour, linewidth=0.3, zorder=3)


def _bubbles(axes: Axes, spans: list[Span], y: float, colour: str, seconds: float, *, is_above: bool = False) -> None:
    """Write each sentence where it was said, as wide as the way to the next one allows."""
    inches_per_second = _WIDTH_INCHES * 0.92 / (seconds + 0.5)
    for index, span in enumerate(spans):
        next_begin = spans[index + 1].begin if index + 1 < len(spans) else seconds + 0.3
        room = max(0.8, min(next_begin - span.begin - 0.12, (span.end - span.begin) * 1.6 + 0.8))
        letters = max(11, int(room * inches_per_second * _LETTERS_PER_INCH))
        words = _wrapped(span.text + (" ✂" if span.was_interrupted else ""), letters)
        axes.plot((span.begin, span.end - 0.08), (y, y), color=colour, linewidth=2.5, solid_capstyle="round", zorder=4)
        above = "bottom" if is_above else "top"
        offset = 0.13 if is_above else -0.13
        if span.heard:
            words = _wrapped(f"oído: «{span.heard}»", letters) + "\n" + _wrapped(f"entendido: «{span.text}»", letters)
        axes.text(
            span.begin, y + offset, words, fontsize=9.6, color=INK, va=above, ha="left", linespacing=1.15, zorder=5,
        )  # fmt: skip


def _wrapped(text: str, letters: int) -> str:
    return "\n".join(textwrap.wrap(text, letters))


def _number(value: float, digits: int = 0) -> str:
    """As it is written in Spanish."""
    return f"{value:.{digits}f}".replace(".", ",")


def _draw_answer_times(axes: Axes, spans: list[Span]) -> None:
    """Between a caller's last sound and our first: how long it took."""
    y = (_CALLER_Y + _AGENT_Y) / 2
    for span in spans:
        if span.latency is None:
            continue
        begin = span.begin - span.latency["total_ms"] / 1000
        shown = f"{_number(span.latency['total_ms'])}\nms"
        axes.fill_betweenx((_AGENT_Y, _CALLER_Y), begin, span.begin, color=GREY, alpha=0.35, linewidth=0, zorder=2)
        axes.text(
            (begin + span.begin) / 2, y, shown, fontsize=9, weight="bold", color=INK, ha="center", va="center",
            linespacing=1.0, zorder=6,
        )  # fmt: skip


def _draw_barge_in(axes: Axes, barge_in: BargeIn) -> None:
    axes.axvline(barge_in.begins_at, color=PINK, linewidth=2.2, zorder=6)
    axes.axvspan(barge_in.begins_at, barge_in.stops_at, color=PINK, alpha=0.35, linewidth=0, zorder=2)
    axes.annotate(
        f"interrumpe; callamos en {_number(barge_in.stop_ms)} ms", (barge_in.begins_at, 3.86), (-8, 0), ha="right",
        textcoords="offset points", fontsize=11, weight="bold", color="#A0447C", va="center", zorder=7,
        bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": PINK},
    )  # fmt: skip


def _draw_transfer(axes: Axes, performance: Performance, connected: float | None, seconds: float) -> None:
    colleague = performance.scenario.colleague
    ringing, announced = (performance.transfer_at(state) for state in ("ringing", "announced"))
    if colleague is None or ringing is None:
        return
    answered = announced if announced is not None else seconds
    bottom, top = _COLLEAGUE_Y - _LANE, _COLLEAGUE_Y + _LANE
    axes.fill_betweenx((bottom, top), ringing, answered, facecolor="#F4F4F4", edgecolor=GREY, hatch="////",
                       linewidth=0, zorder=2)  # fmt: skip
    _label(axes, ringing, top + 0.12, "suena", FAINT)
    if announced is None:
        return
    heard = performance.track(performance.colleague_sound, "heard")
    end = connected if connected is not None else seconds
    _wave(axes, heard.between(announced, end), _COLLEAGUE_Y, ORANGE)
    _label(axes, announced, top + 0.12, "Marta le cuenta de qué se trata", ORANGE)
    if connected is None:
        return
    axes.axvspan(connected, seconds, color=GREEN, alpha=0.09, linewidth=0, zorder=0)
    axes.axvline(connected, color=GREEN, linewidth=1.6, linestyle=(0, (4, 2)), zorder=6)
    _label(axes, connected + 0.08, _AGENT_Y, "conectados:\nla agente se retira", GREEN, va="center")
    own = performance.track(performance.colleague_sound, "sent")
    _wave(axes, own.between(connected, seconds), _COLLEAGUE_Y, GREEN)
    _wave(axes, performance.track(performance.caller_sound, "sent").between(connected, seconds), _CALLER_Y, BLUE)
    said = [
        Span(saying.speaker, saying.text, at, at + len(saying.pcm) / 2 / 8000)
        for saying in performance.sayings
        if (at := saying.at - performance.started_at) >= connected
    ]
    mine = [span for span in said if span.speaker == colleague.name]
    theirs = [span for span in said if span.speaker != colleague.name]
    _bubbles(axes, mine, _COLLEAGUE_Y - 0.78, GREEN, seconds)
    _bubbles(axes, theirs, _CALLER_Y + 0.78, BLUE, seconds, is_above=True)


def _label(axes: Axes, x: float, y: float, text: str, colour: str, *, va: str = "bottom") -> None:
    axes.text(x, y, text, fontsize=10, style="italic", color=colour, ha="left", va=va, zorder=6)


# ── below it ──


def _draw_latencies(axes: Axes, performance: Performance) -> None:
    answers = [turn for turn in performance.turns if "latency" in turn]
    left = np.zeros(len(answers))
    rows = np.arange(len(answers))
    for stage, (_, colour) in STAGES.items():
        widths = np.array([max(0.0, turn["latency"][stage]) for turn in answers])
        axes.barh(rows, widths, left=left, color=colour, height=0.66, linewidth=0)
        left += widths
    for row, turn in enumerate(answers):
        axes.text(
            8, row, f"«{textwrap.shorten(turn['text'], 46, placeholder='…')}»", va="center", fontsize=10, color=INK
        )
        axes.text(left[row] + 8, row, _in_words(turn["latency"]), va="center", fontsize=10, color=INK)
    axes.set_yticks([])
    axes.set_ylim(max(3, len(answers)) - 0.4, -0.6)
    axes.set_xlim(0, max([500.0, *left]) * 1.85)
    axes.set_title("De la última voz detectada a nuestro primer sonido", loc="left", **_HEADING)
    axes.tick_params(axis="both", colors=FAINT, length=0)
    axes.set_xlabel("milisegundos", color=FAINT)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#CCCCCC")
    handles = [Patch(color=colour, label=name) for name, colour in STAGES.values()]
    axes.legend(
        handles=handles,
        ncols=5,
        fontsize=9.5,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.99),
        handlelength=1.0,
        columnspacing=1.0,
    )


def _in_words(latency: dict[str, Any]) -> str:
    worked = [
        f"{_number(latency[stage])} {name}"
        for stage, (name, _) in STAGES.items()
        if stage != "silence_ms" and round(latency[stage]) > 0
    ]
    waited = f"{_number(latency['silence_ms'])} de espera"
    return f"{_number(latency['total_ms'])} ms = " + " + ".join([waited, *worked])


def _facts(performance: Performance, barge_in: BargeIn | None) -> list[tuple[str, str]]:
    """What is worth knowing about the call, each with a colour."""
    found = findings(performance)
    scenario, recording = performance.scenario, performance.recording
    facts = []
    if scenario.heard:
        facts.append((f"corregido: «{scenario.heard}» → «{scenario.meant}»", GREEN))
    if barge_in is not None:
        recorded = "" if barge_in.recorded_ms is None else f" ({_number(barge_in.recorded_ms)} ms en la grabación)"
        facts.append((f"interrupción: callamos en {_number(barge_in.stop_ms)} ms{recorded}", PINK))
    times = {state: performance.transfer_at(state) for state in ("ringing", "announced", "connected")}
    ringing, announced, connected = times.values()
    if ringing is not None and announced is not None and connected is not None:
        spent = f"suena {_number(announced - ringing, 1)} s, resumen {_number(connected - announced, 1)} s"
        facts.append((f"traspaso: {spent}, después hablan los dos", GREEN))
    if pauses := pauses_ms(performance):
        facts.append((f"pausa medida en la grabación: {_number(median(pauses))} ms de mediana", GREY))
    if recording is not None:
        length = _number(recording.caller.seconds, 1)
        facts.append((f"grabación íntegra: {length} s, cliente a la izquierda, agente a la derecha", BLUE))
    met = sum(one.is_met for one in found)
    facts.append((f"{met} de {len(found)} comprobaciones cumplidas", GREEN if met == len(found) else ORANGE))
    missing = [one.what for one in found if not one.is_met]
    return [*facts, *((f"falta: {what}", ORANGE) for what in missing[:2])]


def _draw_facts(axes: Axes, performance: Performance, barge_in: BargeIn | None) -> None:
    axes.axis("off")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_title("Lo que se comprobó", loc="left", **_HEADING)
    for index, (text, colour) in enumerate(_facts(performance, barge_in)):
        y = 0.9 - index * 0.165
        axes.plot([0.012], [y + 0.01], marker="o", color=colour, markersize=8)
        axes.text(0.04, y, text, fontsize=11, color=INK, va="center")
