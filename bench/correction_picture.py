"""The comparison of the ways to find the nearest word, as a picture. Needs matplotlib (the extra `pictures`)."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_COLOURS: Final = {"found first": "#BDBDBD", "repaired": "#009E73", "changed wrongly": "#D55E00"}


def draw(methods: Sequence[Mapping[str, Any]], levels: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the picture. Does file I/O, takes a second.

    Raises: ImportError without matplotlib.
    """
    figure_of: Any = importlib.import_module("matplotlib.figure")
    agg: Any = importlib.import_module("matplotlib.backends.backend_agg")
    figure = figure_of.Figure(figsize=(14, 5.2), dpi=100, facecolor="white")
    agg.FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.7, 1.0, 1.2))
    names = [one["method"] for one in methods]
    for shift, (label, key) in enumerate(
        (("found first", "top1"), ("repaired", "repaired"), ("changed wrongly", "wrong"))
    ):
        places = [place + 0.27 * (shift - 1) for place in range(len(names))]
        left.bar(places, [100 * one[key] for one in methods], 0.25, label=label, color=_COLOURS[label])
    left.set_xticks(range(len(names)), names)
    left.set_title("misheard words and phrases, % (test part)")
    left.legend(frameon=False)
    middle.barh(names[::-1], [one["micros"] for one in methods][::-1], color="#56B4E9")
    for place, one in enumerate(reversed(methods)):
        middle.text(one["micros"], place, f" {one['micros']:,.0f}", va="center")
    middle.set_xscale("log")
    middle.set_xticks([])
    middle.minorticks_off()
    middle.margins(x=0.2)
    middle.set_title("µs for one word (logarithmic)")
    shown = [str(one["level"]).replace(" ", "\n") for one in levels]
    right.bar(shown, [100 * one["wer"] for one in levels], color="#0072B2")
    for place, one in enumerate(levels):
        right.text(place, 100 * one["wer"] + 0.2, f"{100 * one['wer']:.1f}", ha="center")
    right.set_title("word error rate by level, % (test part)")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
