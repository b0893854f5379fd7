"""Keys become one entry."""

from conversation.decisions import DigitsEntered
from conversation.digits import DigitCollector
from conversation.expectation import DigitEntry


def collector(rules: DigitEntry | None = None) -> DigitCollector:
    digits = DigitCollector(DigitEntry(20, timeout_seconds=3), frames_per_second=50)
    digits.expect(rules)
    return digits


def test_an_entry_ends_with_its_terminator_which_is_no_part_of_it() -> None:
    digits = collector(DigitEntry(9, terminator="*"))
    assert digits.press("1", now=10) is None
    assert digits.press("#", now=20) is None
    assert digits.press("*", now=30) == DigitsEntered("1#", "terminator")
    assert not digits.is_collecting


def test_an_entry_without_a_terminator_ends_with_its_length() -> None:
    digits = collector(DigitEntry(2, terminator=""))
    assert digits.press("#", now=1) is None
    assert digits.press("4", now=2) == DigitsEntered("#4", "length")


def test_every_key_starts_the_wait_anew() -> None:
    digits = collector(DigitEntry(9, timeout_seconds=2))
    digits.press("1", now=100)
    assert digits.due == 200
    digits.press("2", now=150)
    assert digits.due == 250
    assert digits.timed_out() == DigitsEntered("12", "timeout")
    assert digits.due is None


def test_keys_pressed_before_the_question_was_over_count() -> None:
    digits = collector()
    digits.press("7", now=1)
    digits.expect(DigitEntry(2))
    assert digits.press("8", now=2) == DigitsEntered("78", "length")


def test_a_lone_terminator_is_an_empty_entry() -> None:
    assert collector().press("#", now=1) == DigitsEntered("", "terminator")


def test_what_is_no_key_is_passed_over() -> None:
    digits = collector()
    assert digits.press("!", now=1) is None
    assert not digits.is_collecting
