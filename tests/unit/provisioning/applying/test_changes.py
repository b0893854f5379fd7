"""What an apply would change, in words, and no secret in them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from provisioning.applying.changes import changes_of
from provisioning.applying.file_state import ABSENT, FileChange, FileState
from provisioning.rendered import redacted, with_block


def state(text: str) -> FileState:
    return FileState(text.encode(), 0o640, 0, 0)


def change(before: str, after: str) -> str:
    return str(changes_of([FileChange("centralita/pjsip.conf", state(before), state(after), False)]))


def test_another_password_is_a_change_and_stays_unsaid() -> None:
    text = change("[a]\npassword = one-1\nx = 1\n", "[a]\npassword = two-2\nx = 1\n")
    assert "-password = ***\n+password = *** (changed)" in text
    assert "one-1" not in text
    assert "two-2" not in text


def test_a_new_password_is_not_called_changed() -> None:
    text = change("[a]\n", "[a]\nsecret=>abc\n")
    assert "+secret=>***" in text
    assert "(changed)" not in text


WORDS = st.text(alphabet="abcdefgh0123", min_size=8, max_size=16)
KEYS = st.sampled_from(["password", "secret", "md5_cred", "password_digest", "Password ", "oauth_secret", ";password"])


@given(WORDS, WORDS, KEYS, st.sampled_from([" = ", "=", " => ", " += "]), st.booleans())
def test_no_secret_in_any_form(old: str, new: str, key: str, equals: str, indent: bool) -> None:
    start = "  " if indent else ""
    before, after = f"[a]\n{start}{key}{equals}{old}\n", f"[a]\n{start}{key}{equals}{new}\nserver = sip:u:{new}@h\n"
    found = changes_of([FileChange("x.conf", state(before), state(after), False)])
    for text in (str(found), found.json(), repr(found), change(before, after)):
        assert old not in text
        assert new not in text


def test_of_somebody_s_file_only_our_block_is_shown() -> None:
    theirs = "[x]\nsecret = theirs\nprivate matter\n"
    before, after = with_block(theirs, ("centralita/a.conf",)), with_block(theirs, ("centralita/b.conf",))
    found = changes_of([FileChange("pjsip.conf", state(before), state(after), True)])
    assert [item.summary for item in found.items] == ["changed our block in pjsip.conf"]
    assert "private" not in str(found)
    assert "+#tryinclude centralita/b.conf" in str(found)


def test_json_says_what_and_how() -> None:
    changes = [
        FileChange("a.conf", ABSENT, state("[a]\n"), False),
        FileChange("b.conf", state("[b]\n"), ABSENT, False),
        FileChange("c.conf", FileState(b"x", 0o644), FileState(b"x", 0o640), False),
    ]
    said = json.loads(changes_of(changes).json())
    assert said["changed"] is True
    assert [(item["path"], item["how"]) for item in said["items"]] == [
        ("a.conf", "created"), ("b.conf", "removed"), ("c.conf", "permissions"),
    ]  # fmt: skip
    assert json.loads(changes_of([]).json()) == {"changed": False, "items": []}
    assert str(changes_of([])) == "no difference"


def test_line_numbers_are_right_far_down_in_a_long_file() -> None:
    lines = [f"exten => {n},1,Answer()" for n in range(5000)]
    changed = [*lines[:4000], "exten => new,1,Answer()", *lines[4000:]]
    assert "@@ -3998,6 +3998,7 @@" in change("\n".join(lines) + "\n", "\n".join(changed) + "\n")


def test_a_missing_newline_is_a_difference() -> None:
    assert "end of the last line" in change("[a]\n", "[a]")


def test_a_password_with_a_comment_behind_it_is_hidden_to_the_end() -> None:
    assert redacted("password = a ; was b\nnext = c\n") == "password = ***\nnext = c\n"
