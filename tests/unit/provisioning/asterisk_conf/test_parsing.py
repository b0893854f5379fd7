"""Asterisk's configuration language. What a real Asterisk makes of it: tests/asterisk/test_conf_checks.py."""

import string
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.asterisk_conf.parsing import Entry, Section, Tree, Where, read_folder, read_tree
from provisioning.finding import has_errors
from vocabulary.errors import ConfigurationError


def read(text: str, **others: str) -> Tree:
    """Read one file; `others` are files it may include, without their `.conf`."""
    return read_tree({"pjsip.conf": text, **{f"{name}.conf": body for name, body in others.items()}}, "pjsip.conf")


def codes(tree: Tree) -> list[str]:
    return [finding.code for finding in tree.findings]


def test_every_line_knows_where_it_stands() -> None:
    tree = read("; hello\n[a]\nx = 1\n\ny => 2 ; two\n#include more.conf\n", more="z = 3\n")
    assert tree.findings == ()
    assert tree.files == ("pjsip.conf", "more.conf")
    assert tree.sections == (
        Section(
            "a",
            (
                Entry("x", "1", Where("pjsip.conf", 3), False),
                Entry("y", "2", Where("pjsip.conf", 5), True),
                Entry("z", "3", Where("more.conf", 1), False),
            ),
            Where("pjsip.conf", 2),
            is_template=False,
            bases=(),
        ),
    )


def test_values_by_key_have_no_case_and_keep_their_order() -> None:
    (section,) = read("[a]\nmatch = 1\nMATCH = 2\nmatch = 3\n").sections
    assert section.all("Match") == ("1", "2", "3")
    assert section.get("match") == "3"
    assert section.get("nothing") is None
    last = section.last("match")
    assert last is not None
    assert last.where.line == 4


def test_templates_give_first_and_own_lines_follow() -> None:
    tree = read("[base](!)\na = 1\n[more](!,base)\nb = 2\n[x](more)\na = 3\n")
    assert [section.is_template for section in tree.sections] == [True, True, False]
    (x,) = tree.objects()
    assert [(entry.key, entry.value, entry.where.line) for entry in x.entries] == [
        ("a", "1", 2),
        ("b", "2", 4),
        ("a", "3", 6),
    ]
    assert x.bases == ("more",)


def test_an_addition_makes_no_second_section() -> None:
    tree = read("[1000]\ntype = endpoint\n[1000]\ntype = aor\n[1000](+type=aor)\nmax_contacts = 2\n")
    endpoint, aor = tree.sections
    assert (endpoint.adds, endpoint.all("max_contacts")) == (False, ())
    assert (aor.adds, aor.all("max_contacts")) == (True, ("2",))


def test_sections_of_one_name_stay_apart() -> None:
    assert [section.where.line for section in read("[a]\nx=1\n[a]\nx=2\n").sections] == [1, 3]


def test_a_semicolon_in_a_value_needs_a_backslash() -> None:
    (section,) = read("[a]\nright = sip:host\\;transport=tls ; over TLS\nwrong = sip:host;transport=tls\n").sections
    assert section.get("right") == "sip:host;transport=tls"
    assert section.get("wrong") == "sip:host"


def test_blocks_of_comment_may_span_lines_and_nest() -> None:
    (section,) = read("[a]\n;-- out\nx = 1\n;-- deeper --;\ny = 2\n--; z = 3\n;--- one line\nw = 4\n").sections
    assert [(entry.key, entry.value) for entry in section.entries] == [("z", "3"), ("w", "4")]


def test_a_comment_left_open_is_named_where_it_begins() -> None:
    tree = read("[a]\n;-- from here\nx = 1\n")
    assert [(finding.code, finding.line) for finding in tree.findings] == [("comment-not-closed", 2)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("x = 1\n", "no-section", 1),
        ("[a\n", "section-not-closed", 1),
        ("[a]\nx=1\n[b](+)\n", "addition-without-section", 3),
        ("[a](base)\n", "template-missing", 1),
        ("[a]\n#include gone.conf\nx = 1\n", "include-missing", 2),
        ("[a]\n#include gone-*.conf\nx = 1\n", "include-missing", 2),
    ],
)
def test_a_mistake_in_the_root_costs_the_whole_tree(text: str, code: str, line: int) -> None:
    tree = read(text)
    assert tree.is_refused
    assert [(finding.severity, finding.code, finding.line) for finding in tree.findings] == [("error", code, line)]


def test_a_mistake_in_an_included_file_costs_only_the_rest_of_it() -> None:
    tree = read("[a]\n#include bad.conf\nlast = 1\n", bad="first = 1\n[b](+)\nlost = 1\n")
    assert not tree.is_refused
    assert [entry.key for entry in tree.sections[0].entries] == ["first", "last"]
    assert [(finding.code, finding.file, finding.line) for finding in tree.findings] == [
        ("addition-without-section", "bad.conf", 2)
    ]


def test_a_missing_root_is_said() -> None:
    tree = read_tree({}, "pjsip.conf")
    assert tree.is_refused
    assert codes(tree) == ["file-missing"]


def test_programs_are_never_run_and_said_to_be_there(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    tree = read(f"[a]\n#exec touch {proof}\nx = 1\n")
    assert codes(tree) == ["exec-refused"]
    assert not proof.exists()
    assert tree.sections[0].get("x") == "1"


def test_files_that_include_one_another_end() -> None:
    tree = read("[a]\n#tryinclude pjsip.conf\n#tryinclude pjsip.conf\n")
    assert "include-too-many" in codes(tree) or "include-too-deep" in codes(tree)


def test_a_line_without_equals_is_named_by_its_first_word_only() -> None:
    tree = read("[a]\npassword hunter2\n")
    assert codes(tree) == ["no-equals"]
    assert "password" in tree.findings[0].message
    assert "hunter2" not in tree.findings[0].message


@pytest.mark.parametrize(
    "name", ["sub/one.conf", "/etc/asterisk/sub/one.conf", "./sub//one.conf", "sub/o*.conf", "s{a,ub}/?ne.conf"]
)
def test_ways_to_name_an_include(name: str) -> None:
    tree = read_tree({"a.conf": f"[a]\n#include {name}\n", "sub/one.conf": "x=1\n"}, "a.conf")
    assert tree.files == ("a.conf", "sub/one.conf")


def test_another_folder_can_be_asterisks() -> None:
    files = {"a.conf": "[a]\n#include /srv/pbx/etc/b.conf\n", "b.conf": "x=1\n"}
    assert read_tree(files, "a.conf", "/srv/pbx/etc").findings == ()
    assert codes(read_tree(files, "a.conf")) == ["include-outside"]


def test_a_star_fits_no_folder_and_no_hidden_file() -> None:
    files = {
        "a.conf": "[a]\n#tryinclude d/*.conf\n",
        "d/1.conf": "",
        "d/.2.conf": "",
        "d/e/3.conf": "",
        "d/4.confx": "",
    }
    assert read_tree(files, "a.conf").files == ("a.conf", "d/1.conf")


def test_a_folder_is_read_with_what_its_files_include(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "pjsip.conf").write_bytes(b"[a]\n#include sub/trunks.inc\nname = Espa\xf1a\n")
    (tmp_path / "sub" / "trunks.inc").write_text(f"x = 1\n#include {tmp_path}/other.txt\n", "utf-8")
    (tmp_path / "other.txt").write_text("y = 1\n", "utf-8")
    (tmp_path / "voicemail.wav").write_bytes(b"\0\0")
    files = read_folder(tmp_path)
    assert set(files) == {"pjsip.conf", "sub/trunks.inc", "other.txt"}
    tree = read_tree(files, "pjsip.conf", str(tmp_path))
    assert tree.findings == ()
    assert [entry.key for entry in tree.sections[0].entries] == ["x", "y", "name"]
    name = tree.sections[0].get("name")
    assert name is not None
    assert name.encode("utf-8", "surrogateescape") == b"Espa\xf1a"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no folder"):
        read_folder(tmp_path / "etc")


# -- any text ---------------------------------------------------------------------------------------------------------

_PIECES = [
    "[a]",
    "[b](!)",
    "[c](b)",
    "[a](+)",
    "(+",
    "x = 1",
    "x += 2",
    ";",
    "\\;",
    ";--",
    "--;",
    "#include b.conf",
    "#exec x",
]
_PIECES += [
    "\n",
    "\n",
    "=",
    "=>",
    " ",
    "[",
    "]",
    "{",
    "*",
    "\\",
    "\0",
    "\r",
    "\ufeff",
    "ñ",
    "#include [.conf",
    "#include {a,b",
]


@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=5)), max_size=40).map("".join))
def test_no_text_is_too_strange(text: str) -> None:
    tree = read_tree({"a.conf": text, "b.conf": "[z]\ny=1\n#tryinclude a.conf\n"}, "a.conf")
    assert not tree.is_refused or has_errors(tree.findings)


@given(st.text("[]!-^\\&~|ab*?{,}/.", max_size=20))
def test_no_pattern_is_too_strange(pattern: str) -> None:
    tree = read_tree({"a.conf": f"[a]\n#tryinclude {pattern}\n[a](+{pattern}={pattern})\n", "b/a": ""}, "a.conf")
    assert tree.files[0] == "a.conf"


def test_sets_in_the_name_of_an_include() -> None:
    files = {"a.conf": "[a]\n#include t[1-3].conf\n", **{f"t{n}.conf": "" for n in range(6)}}
    assert read_tree(files, "a.conf").files == ("a.conf", "t1.conf", "t2.conf", "t3.conf")
    files["a.conf"] = "[a]\n#include t[!1-4].conf\n"
    assert read_tree(files, "a.conf").files == ("a.conf", "t0.conf", "t5.conf")


@given(st.text(max_size=300))
def test_no_text_at_all_is_too_strange(text: str) -> None:
    tree = read_tree({"a.conf": text}, "a.conf")
    lines = text.count("\n") + 1
    assert all(1 <= finding.line <= lines for finding in tree.findings)
    assert all(1 <= entry.where.line <= lines for section in tree.sections for entry in section.entries)


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    is_template: bool
    entries: tuple[tuple[str, str, bool], ...]


_NAMES = st.text(string.ascii_letters + string.digits + "-_.@ ", min_size=1, max_size=20)
_KEYS = st.text(string.ascii_letters + string.digits + "_@", min_size=1, max_size=12)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=30).map(
    lambda value: value.strip("".join(map(chr, range(33)))).rstrip("\\")
)
_SECTIONS = st.builds(
    Written, _NAMES, st.booleans(), st.lists(st.tuples(_KEYS, _VALUES, st.booleans()), max_size=5).map(tuple)
)


def rendered(sections: list[Written]) -> str:
    lines = []
    for section in sections:
        lines.append(f"[{section.name}]{'(!)' if section.is_template else ''} ; comment")
        for key, value, is_object in section.entries:
            # a backslash before a semicolon cannot be written: none is left by the strategy's filter below
            lines.append(f"{key} {'=>' if is_object else '='} {value.replace(';', chr(92) + ';')}")
    return "\n".join(lines)


@given(st.lists(_SECTIONS, max_size=6))
def test_what_is_written_is_read_back(sections: list[Written]) -> None:
    sections = [
        Written(each.name, each.is_template, tuple(entry for entry in each.entries if "\\;" not in entry[1]))
        for each in sections
    ]
    # a value that begins with '>' would turn a '=' into a '=>' only without the blank that we write
    tree = read_tree({"a.conf": rendered(sections)}, "a.conf")
    assert tree.findings == ()
    assert sections == [
        Written(each.name, each.is_template, tuple((entry.key, entry.value, entry.is_object) for entry in each.entries))
        for each in tree.sections
    ]
