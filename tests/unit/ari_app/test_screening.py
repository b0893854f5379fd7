"""Who is blocked, who is not, and whom nobody can tell; and what the file must look like."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.blocklist_file import parse_block_list, with_rule, without_rule
from ari_app.screening import BlockList, Rule, Screening, Verdict, normalised
from vocabulary.problems import Misconfigured

TODAY = datetime.date(2026, 11, 21)
FILE = """# quién no
default_country = "ES"
anonymous = "allow"

[[block]]
number = "+34600111222"   # Pepe
reason = "insulta"

[[block]]
prefix = "+34807"
reason = "premium"

[[block]]
number = "+34600111333"
until = 2026-11-21
"""


def screen(caller: str, text: str = FILE, presentation: int = 0, day: datetime.date = TODAY) -> Screening:
    return parse_block_list(text, "blocklist.toml").screen(caller, day, presentation)


@pytest.mark.parametrize("caller", ["+34600111222", "600111222", "600 11 12 22", "0034600111222", "34600111222"])
def test_a_number_is_blocked_however_the_network_writes_it(caller: str) -> None:
    assert screen(caller) == Screening(Verdict.BLOCKED, "+34600111222", "insulta")


def test_a_prefix_blocks_all_that_begins_so() -> None:
    assert screen("807123456") == Screening(Verdict.BLOCKED, "+34807123456", "premium")
    assert screen("+34806123456").verdict is Verdict.ALLOWED


def test_a_block_holds_through_its_last_day() -> None:
    assert screen("600111333").verdict is Verdict.BLOCKED
    assert screen("600111333", day=TODAY + datetime.timedelta(days=1)).verdict is Verdict.ALLOWED


def test_a_foreign_number_without_its_plus_is_understood() -> None:
    assert screen("447911123456") == Screening(Verdict.ALLOWED, "+447911123456")


def test_mexican_mobiles_are_the_same_with_and_without_the_old_one() -> None:
    assert normalised("+5215512345678", "MX") == normalised("5512345678", "MX") == "+525512345678"
    blocked = parse_block_list('[[block]]\nnumber = "+5215512345678"\n', "x")
    assert blocked.screen("+525512345678", TODAY).verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("caller", "presentation"),
    [("", 0), ("anonymous", 0), ("Anónimo", 0), ("unknown", 0), ("600111444", 0x20), ("", 0x43)],
)
def test_hidden_numbers_follow_the_policy(caller: str, presentation: int) -> None:
    assert screen(caller, presentation=presentation).verdict is Verdict.UNKNOWN
    refuse = FILE.replace('anonymous = "allow"', 'anonymous = "block"')
    assert screen(caller, refuse, presentation) == Screening(Verdict.BLOCKED, normalised(caller, "ES"), "hidden number")


def test_a_blocked_number_is_blocked_also_when_it_is_hidden_from_people() -> None:
    assert screen("600111222", presentation=0x20).reason == "insulta"


@pytest.mark.parametrize("caller", ["sip:x@y", "trunk-7", "()", "+", "💥", "0" * 500, "+999999999999999999"])
def test_what_is_no_number_is_unknown_and_not_blocked(caller: str) -> None:
    assert screen(caller, FILE.replace('"allow"', '"block"')).verdict is Verdict.UNKNOWN


@given(st.text(max_size=80), st.integers(-1000, 1000), st.sampled_from(["ES", "MX", "US", "AR"]))
def test_no_caller_id_breaks_the_screening(caller: str, presentation: int, country: str) -> None:
    verdict = screen(caller, FILE.replace('"ES"', f'"{country}"'), presentation)
    assert verdict.number == "" or verdict.number.startswith("+")


def test_an_empty_list_blocks_nobody() -> None:
    assert BlockList().screen("600111222", TODAY).verdict is Verdict.ALLOWED


def test_numbers_do_not_appear_in_a_screening_s_repr() -> None:
    assert "600111222" not in repr(screen("600111222"))


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (
            'number = "+34600111222"',
            'number = "600111222"',
            r"list\.toml:6: block\.0\.number: write the number with \+",
        ),
        ('prefix = "+34807"', 'prefix = "807*"', r"list\.toml:10: block\.1\.prefix: write the prefix"),
        ("until = 2026-11-21", 'until = "mañana"', r"list\.toml:15: block\.2\.until"),
        ('reason = "premium"', 'reson = "premium"', r"list\.toml:11: block\.1\.reson: is not known.*'reason'"),
        ('prefix = "+34807"\n', "", r"list\.toml:9: block\.1: a block has either"),
        ('anonymous = "allow"', 'anonymous = "maybe"', r"list\.toml:3: anonymous"),
        ('"ES"', '"XX"', r'list\.toml:2: default_country: "XX" is no country'),
        ('"ES"', '"ES', r"list\.toml: is not valid TOML: .*line 2"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(was: str, now: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        parse_block_list(FILE.replace(was, now), "list.toml")


def test_adding_and_removing_keep_the_comments() -> None:
    added = with_rule(FILE, Rule(number="+34600111444", reason="ruido", until=TODAY))
    assert "# quién no" in added
    assert "# Pepe" in added
    assert screen("600111444", added).reason == "ruido"
    removed, count = without_rule(added, "+34600111444")
    assert (count, removed) == (1, FILE)
    assert without_rule(FILE, "+34999*") == (FILE, 0)


def test_adding_again_replaces() -> None:
    added = with_rule(FILE, Rule(number="+34600111222", reason="otra vez"))
    assert added.count("+34600111222") == 1
    assert screen("600111222", added).reason == "otra vez"


def test_the_last_rule_can_go() -> None:
    text = with_rule("", Rule(prefix="+34807"))
    assert screen("807123456", text).verdict is Verdict.BLOCKED
    empty, count = without_rule(text, "+34807*")
    assert count == 1
    assert screen("807123456", empty).verdict is Verdict.ALLOWED
