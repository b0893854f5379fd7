"""The dialplan as read from its file, as shown by Asterisk, and the mistakes in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.asterisk_conf.dialplan import HINT, Dialplan, matches, read_dialplan
from provisioning.asterisk_conf.dialplan_checks import check_dialplan
from provisioning.asterisk_conf.dialplan_shown import parse_dialplan_show
from provisioning.asterisk_conf.parsing import read_tree

OURS = frozenset({"ours.conf"})


def read(text: str, **others: str) -> Dialplan:
    return read_dialplan(read_tree({"ours.conf": text, **{f"{k}.conf": v for k, v in others.items()}}, "ours.conf"))


def codes(text: str, **others: str) -> list[tuple[str, str]]:
    return [(each.severity, each.code) for each in check_dialplan(read(text, **others), OURS)]


def test_priorities_are_counted_as_asterisk_counts_them() -> None:
    plan = read(
        "[a]\nexten => _X.,1,Answer\n same => n(hear),Playback(a,b)\n same => n+2,Hangup()\nexten => _X.,hint,PJSIP/1\n"
    )
    (extension,) = plan.contexts["a"].extensions
    steps = [(step.number, step.label, str(step)) for step in extension.priorities]
    assert steps == [(HINT, "", "PJSIP/1"), (1, "", "Answer()"), (2, "hear", "Playback(a,b)"), (5, "", "Hangup()")]
    assert extension.has("hear")
    assert extension.has("5")
    assert not extension.has("4")


def test_a_context_in_two_places_is_one() -> None:
    plan = read("[a]\nexten => 1,1,NoOp\n[b]\n[a]\nexten => 2,1,NoOp\n[general]\nstatic=yes\n")
    assert set(plan.contexts) == {"a", "b"}
    assert [each.pattern for each in plan.contexts["a"].extensions] == ["1", "2"]
    assert len(plan.contexts["a"].begins) == 2


def test_what_dialplan_show_prints_is_read_back() -> None:
    shown = parse_dialplan_show(
        "[ Context 'centralita-in' created by 'pbx_config' ]\n"
        "  '100' =>          hint: PJSIP/x                                 [extensions.conf:11]\n"
        "                    1. NoOp(hello, [x])                           [extensions.conf:7]\n"
        "     [lab]          2. Set(A=${B};c)                              [extensions.conf:8]\n"
        "  '_1NX' (CID match '555') =>  1. NoOp()                                     [extensions.conf:19]\n"
        "  Include =>        'b,9:00-17:00,mon-fri,*,*'                    [pbx_config]\n"
        "\n-= 2 extensions (4 priorities) in 1 context. =-\n"
    )
    context = shown.contexts["centralita-in"]
    assert context.steps() == {
        ("100", "", HINT): ("", "PJSIP/x"),
        ("100", "", 1): ("", "NoOp(hello, [x])"),
        ("100", "", 2): ("lab", "Set(A=${B};c)"),
        ("_1NX", "555", 1): ("", "NoOp()"),
    }
    assert context.includes == ("b,9:00-17:00,mon-fri,*,*",)
    assert context.extensions[0].priorities[1].where.line == 7
    assert parse_dialplan_show("There is no existence of 'x' context\n").contexts == {}


@pytest.mark.parametrize(
    ("pattern", "number", "takes"),
    [
        ("_X.", "55", True),
        ("_X.", "5", False),
        ("_X!", "5", True),
        ("_+X.", "+5255", True),
        ("_[2-4]ZN", "312", True),
        ("_[2-4]ZN", "302", False),
        ("_55-12X", "55129", True),
        ("s", "s", True),
        ("_X.", "s", False),
        ("100", "1000", False),
        ("_[", "[", True),
        ("_[13-5*]0", "40", True),
        ("_[13-5*]0", "*0", True),
        ("_[13-5*]0", "20", False),
    ],
)
def test_patterns(pattern: str, number: str, takes: bool) -> None:
    assert matches(pattern, number) is takes


GOOD = """
[a]
include => b
exten => _X.,1,Goto(end)
same => n,GotoIf($["${X}" = "a?b"]?b,s,1:end)
same => n,GotoIf($[${Y}]?other,${EXTEN},1)
same => n,GotoIf($[${Y}]?${WHERE}:)
same => n(end),Goto(s,1)
same => n,Gosub(b,s,start(1,2))
same => n,Goto(${PLACE})
[b]
exten => s,1(start),NoOp
same => n,Return
"""


def test_jumps_that_land_are_not_mentioned() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Goto(end)", "Goto(fin)", "label-missing"),
        ("b,s,1:end", "c,s,1:end", "context-missing"),
        ("b,s,1:end", "b,s,1:fin", "label-missing"),
        ("Goto(s,1)", "Goto(t,1)", "extension-missing"),
        ("Goto(s,1)", "Goto(s,9)", "label-missing"),
        ("b,s,start(1,2)", "b,s,begin(1,2)", "label-missing"),
        ("include => b", "include => b\ninclude => nowhere", "context-missing"),
        ("same => n,Return", "same => 1,Return", "duplicate-priority"),
        ("same => n,Return", "same => n(start),Return", "duplicate-label"),
        ("exten => s,1(start)", "same => 1,NoOp\nexten => s,1(start)", "same-without-exten"),
        ("exten => s,1(start)", "extn => 1,1,NoOp\nexten => s,1(start)", "unknown-directive"),
        ("same => n,Return", "exten => s,later,Return", "bad-priority"),
    ],
)
def test_a_mistake_of_ours_is_an_error(old: str, new: str, code: str) -> None:
    assert old in GOOD
    assert codes(GOOD.replace(old, new)) == [("error", code)]


def test_what_lives_in_a_switch_may_be_there() -> None:
    assert codes("[a]\nswitch => Realtime/@\nexten => 1,1,Goto(2,1)\n") == []


def test_somebody_else_s_missing_contexts_are_notices() -> None:
    theirs = "[from-x]\ninclude => from-x-custom\nexten => 1,1,Goto(nowhere,s,1)\nexten => 1,1,NoOp\n"
    assert sorted(codes("#include theirs.conf\n", theirs=theirs)) == [
        ("notice", "context-missing"),
        ("notice", "context-missing"),
        ("warning", "duplicate-priority"),
    ]


def test_a_context_in_two_files_is_said() -> None:
    mine = "[a]\nexten => 1,1,NoOp\n#include theirs.conf\n"
    assert codes(mine, theirs="[a]\nexten => 2,1,NoOp\n") == [("warning", "context-shared")]
    others = {"theirs": "[b]\n", "more": "[b]\n"}
    assert codes("#include theirs.conf\n#include more.conf\n", **others) == [("notice", "context-twice")]


@given(st.text(max_size=80), st.lists(st.sampled_from(["exten", "same", "include", "switch"]), max_size=5))
def test_no_line_is_too_strange(text: str, keys: list[str]) -> None:
    lines = "\n".join(f"{key} => {text}" for key in keys)
    plan = read(f"[a]\nexten => 1,1,GotoIf({text})\n{lines}\n")
    check_dialplan(plan, OURS)
    parse_dialplan_show(text)
    matches("_" + text, text)


@given(st.text("[]-^\\&~|xXzn.!0123_*#", max_size=12))
def test_no_pattern_is_too_strange(pattern: str) -> None:
    assert matches(pattern, "123") in (True, False)
