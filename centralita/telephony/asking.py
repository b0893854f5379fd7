"""How questions are put to a person: at the terminal with `rich`, or from a list in a test."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.text import Text


class Asker(Protocol):
    """Somebody who can answer."""

    def say(self, text: str) -> None:
        """Tell the person something."""

    def ask(self, text: str, default: str = "", check: Callable[[str], str] | None = None) -> str:
        """Return an answer; `check` returns it in its final form, or raises ValueError: then it is asked again."""

    def choose(self, text: str, choices: Sequence[tuple[str, str]], default: str) -> str:
        """Return one of the choices (key, what it means)."""

    def confirm(self, text: str, default: bool) -> bool:
        """Return yes or no."""


class AtTheTerminal:
    """Asks with `rich` prompts."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a paragraph."""
        self._console.print(Text(text))

    def ask(self, text: str, default: str = "", check: Callable[[str], str] | None = None) -> str:
        """Ask until the answer passes the check."""
        while True:
            answer = Prompt.ask(Text(text), console=self._console, default=default, show_default=bool(default)).strip()
            if check is None:
                return answer
            try:
                return check(answer)
            except ValueError as problem:
                self._console.print(Text(f"  ✗ {problem}", style="red"))

    def choose(self, text: str, choices: Sequence[tuple[str, str]], default: str) -> str:
        """List the choices with numbers; the number or the key is an answer."""
        self._console.print(Text(text))
        for number, (key, meaning) in enumerate(choices, 1):
            self._console.print(Text(f"  {number}. {meaning}  ({key})"))
        keys = [key for key, _ in choices]
        valid = [*keys, *(str(number) for number in range(1, len(keys) + 1))]
        answer = Prompt.ask(Text("→"), console=self._console, choices=valid, default=default, show_choices=False)
        return keys[int(answer) - 1] if answer not in keys else answer

    def confirm(self, text: str, default: bool) -> bool:
        """Ask yes or no."""
        return Confirm.ask(Text(text), console=self._console, default=default)
