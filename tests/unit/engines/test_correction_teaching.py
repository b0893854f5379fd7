"""What a person's correction teaches, when it becomes a rule, and that everything can be taken back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.correction.bank import Bank, Rule, Term, bank_of, load_bank
from engines.correction.dictionary import Proofreader
from engines.correction.exchange import as_toml, read_import
from engines.correction.journal import Entry, FileJournal, Kept, RuleSet, Sighting, Undone, standing
from engines.correction.keeper import BankKeeper, read_banks
from engines.correction.live import LiveProofreader
from engines.correction.teaching import Difference, candidate_id, differences
from vocabulary.errors import ConfigurationError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPANISH = frozenset(["quiero", "ver", "el", "salgo", "saldo", "de", "casa", "mi", "no", "va", "ahora", "la"])


def keeper_of(path: Path, confirmations: int = 2) -> BankKeeper:
    return BankKeeper(
        path,
        confirmations=confirmations,
        may_be_right=lambda phrase: SPANISH.issuperset(phrase.split()),
        now=lambda: NOW,
    )


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "company.toml"
    path.write_text('[[rules]]\nid = "own"\nheard = "sita"\nmeant = "cita"\n', "utf-8")
    return path


@pytest.fixture
def keeper(bank: Path) -> BankKeeper:
    return keeper_of(bank)


def corrected(bank: Path, text: str) -> str:
    return Proofreader(read_banks([bank], source="test")).correct(text).text


@pytest.mark.parametrize(
    ("heard", "meant", "found"),
    [
        ("ver el salgo", "ver el saldo", [Difference("salgo", "saldo", "el", "^")]),
        ("Ver el SALDO.", "ver el saldo", []),
        ("el plan viagero va", "el plan viajero va", [Difference("viagero", "viajero", "plan", "va")]),
        ("la si ta de hoy", "la cita de hoy", [Difference("si ta", "cita", "la", "de")]),
        ("sin internet sin luz", "sin internet y sin luz", [Difference("internet", "internet y", "sin", "sin")]),
        ("ay nada", "nada", [Difference("ay nada", "nada", "^", "^")]),
        ("", "hola", []),
        ("uno dos tres cuatro cinco seis siete", "a b c d e f g", []),
    ],
)
def test_where_two_texts_part_is_what_is_learned(heard: str, meant: str, found: list[Difference]) -> None:
    assert differences(heard, meant) == found


def test_a_correction_is_a_candidate_until_other_conversations_confirm_it(keeper: BankKeeper, bank: Path) -> None:
    first = keeper.correct_transcript("mi biagero no va", "mi viajero no va", by="ana", conversation="call-1")
    assert [one.conversations for one in first.candidates] == [1]
    again = keeper.correct_transcript("mi biagero no va", "mi viajero no va", by="ana", conversation="call-1")
    assert not again.entries  # the same conversation confirms nothing
    assert corrected(bank, "el biagero") == "el biagero"
    second = keeper.correct_transcript("el biagero no va", "el viajero no va", conversation="call-2")
    assert [rule.meant for rule in second.promoted] == ["viajero"]
    assert corrected(bank, "el Biagero y mi sita") == "el Viajero y mi cita"


def test_words_that_are_right_elsewhere_are_changed_only_between_neighbours_they_were_seen_between(
    keeper: BankKeeper, bank: Path
) -> None:
    for call in ("1", "2"):
        keeper.correct_transcript("ver el salgo de mi casa", "ver el saldo de mi casa", conversation=call)
    assert corrected(bank, "quiero el salgo de hoy") == "quiero el saldo de hoy"
    assert corrected(bank, "ahora salgo de casa") == "ahora salgo de casa"


def test_somebody_who_leaves_the_words_alone_keeps_a_candidate_from_becoming_a_rule(keeper: BankKeeper) -> None:
    keeper.correct_transcript("ver el salgo ahora", "ver el saldo ahora", conversation="1")
    keeper.correct_transcript("no el salgo ahora", "no el salgo ahora", conversation="2")
    taught = keeper.correct_transcript("quiero el salgo ahora", "quiero el saldo ahora", conversation="3")
    assert not taught.promoted
    assert [(one.conversations, one.refuted) for one in taught.candidates] == [(2, 1)]
    assert keeper.promote(taught.candidates[0].id).meant == "saldo"  # a person may still decide so


def test_a_rule_that_was_taken_back_does_not_come_back_by_itself(keeper: BankKeeper, bank: Path) -> None:
    for call in ("1", "2"):
        keeper.correct_transcript("mi biagero", "mi viajero", conversation=call)
    assert isinstance(keeper.undo(), RuleSet)
    keeper.correct_transcript("mi biagero", "mi viajero", conversation="3")
    assert corrected(bank, "mi biagero") == "mi biagero"
    assert [(one.conversations, one.is_declined) for one in keeper.read().candidates] == [(3, True)]
    undoing = next(n for n, one in enumerate(keeper.history(), 1) if isinstance(one, Undone))
    keeper.undo(undoing)
    assert corrected(bank, "mi biagero") == "mi viajero"


def test_everything_can_be_undone_once_and_the_history_keeps_it_all(keeper: BankKeeper, bank: Path) -> None:
    keeper.add_rules([Rule(id="x", heard="uno", meant="1")], by="ana")
    keeper.add_terms([Term("fibra total", "product")])
    keeper.remove("own")
    keeper.remove("Fibra Total")
    assert corrected(bank, "sita uno") == "sita 1"
    assert keeper.read().bank.terms == ()
    keeper.undo()
    keeper.undo(3)
    assert keeper.read().bank.terms == (Term("fibra total", "product"),)
    assert corrected(bank, "sita uno") == "cita 1"
    with pytest.raises(ConfigurationError, match="undone already"):
        keeper.undo(3)
    with pytest.raises(ConfigurationError, match="there is no entry 99"):
        keeper.undo(99)
    assert [entry.what for entry in keeper.history()] == ["rule", "term", "rule_removed", "term_removed"] + [
        "undone"
    ] * 2
    assert keeper.history()[0].by == "ana"


def test_a_rule_that_contradicts_another_is_refused_and_nothing_is_written(keeper: BankKeeper) -> None:
    with pytest.raises(ConfigurationError, match="say what was meant by"):
        keeper.add_rules([Rule(id="a", heard="uno", meant="1"), Rule(id="b", heard="sita", meant="visita")])
    assert keeper.history() == ()
    for call in ("1", "2"):  # nor does a confirmed candidate go against a person's rule
        assert not keeper.correct_transcript("la sita x", "la visita x", conversation=call).promoted


def test_a_line_that_a_crash_cut_short_is_left_out_and_cut_off(keeper: BankKeeper, bank: Path) -> None:
    keeper.add_rules([Rule(id="x", heard="uno", meant="1")])
    journal = bank.with_name("company.journal.jsonl")
    whole = journal.read_bytes()
    for length in range(1, 20):
        journal.write_bytes(whole + whole[:length])
        assert len(keeper.history()) == 1
    keeper.add_rules([Rule(id="y", heard="dos", meant="2")])
    assert [entry.rule.id for entry in keeper.history() if isinstance(entry, RuleSet)] == ["x", "y"]
    assert journal.read_bytes().startswith(whole)


def test_a_journal_that_holds_something_else_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.journal.jsonl"
    path.write_text('{"at": "2026-03-01T12:00:00Z", "what": "rule_removed", "id": "secret words"}\n{"what": "?"}\n')
    with pytest.raises(ConfigurationError, match=r"x\.journal\.jsonl, line 2") as refused:
        FileJournal(path).read()
    assert "secret" not in str(refused.value)


def test_an_entry_is_gone_when_the_disk_had_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = FileJournal(tmp_path / "x.journal.jsonl")
    entry = Kept(at=NOW, heard="uno")

    def no_room(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with journal.writing() as page:
        page.add([entry])
        with monkeypatch.context() as full:
            full.setattr("engines.correction.journal.os.fsync", no_room)
            with pytest.raises(OSError, match="No space"):
                page.add([entry])
    assert journal.read() == (entry,)


def test_running_calls_go_on_with_what_was_just_taught(keeper: BankKeeper, bank: Path) -> None:
    live = LiveProofreader([bank])
    assert not live.refresh()
    for call in ("1", "2"):
        keeper.correct_transcript("mi biagero", "mi viajero", conversation=call)
    assert live.refresh()
    assert live.correct("mi biagero").text == "mi viajero"
    keeper.undo()
    assert live.refresh()
    assert live.correct("mi biagero").text == "mi biagero"


def test_a_bank_spoiled_while_calls_run_leaves_the_former_one(bank: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveProofreader([bank])
    bank.write_text("heard = callers words", "utf-8")
    assert not live.refresh()
    assert live.correct("sita").text == "cita"
    assert "cannot be read" in caplog.text
    assert "callers words" not in caplog.text
    bank.write_text('[[rules]]\nid = "n"\nheard = "sita"\nmeant = "visita"\n', "utf-8")
    assert live.refresh()
    assert live.correct("sita").text == "visita"


def test_a_bank_goes_out_and_comes_in_again_the_same(tmp_path: Path) -> None:
    rules = (
        Rule(id="a", heard='el "salgo"', meant="el saldo", after=("mi", "su")),
        Rule(id="b", heard="bórrame", meant=""),
    )
    whole = bank_of(rules, terms=(Term("Fibra Total", "product"), Term("calle ñu", "street")))
    path = tmp_path / "out.toml"
    path.write_text(as_toml(whole), "utf-8")
    assert load_bank(path) == whole
    assert as_toml(Bank()) == as_toml(load_bank_of(tmp_path, as_toml(Bank())))


def load_bank_of(folder: Path, content: str) -> Bank:
    path = folder / "again.toml"
    path.write_text(content, "utf-8")
    return load_bank(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.tsv", "salgo\tsaldo\nsolo\n", r"x\.tsv, line 2"),
        ("x.csv", "a,b,c\n", r"x\.csv, line 1"),
        ("x.doc", "a", r"name it \.toml"),
    ],
)
def test_what_cannot_be_imported_is_named(tmp_path: Path, name: str, content: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=told):
        read_import(path, "term")


def test_pairs_and_word_lists_are_imported(tmp_path: Path) -> None:
    pairs, words = tmp_path / "p.csv", tmp_path / "w.txt"
    pairs.write_text("heard,meant\nsalgo,saldo\n\n# no\n", "utf-8")
    words.write_text("# ours\nfibra  total\n\ncalle ñu\n", "utf-8")
    assert [(rule.heard, rule.meant) for rule in read_import(pairs, "term").rules] == [("salgo", "saldo")]
    assert read_import(words, "product").terms == (Term("fibra total", "product"), Term("calle ñu", "product"))


WORDS = st.lists(st.sampled_from(["el", "salgo", "saldo", "biagero", "viajero", "mi", "de", "casa"]), max_size=7).map(
    " ".join
)


@given(WORDS, WORDS)
def test_any_two_texts_give_differences_whose_words_stand_in_them(heard: str, meant: str) -> None:
    found = differences(heard, meant)
    assert bool(found) <= (heard != meant)
    for one in found:
        assert one.heard
        assert one.heard in heard
        assert one.meant in meant
        assert one.heard != one.meant
        assert len(candidate_id(one.heard, one.meant)) == 20


@given(st.lists(st.integers(1, 8), max_size=8))
def test_undoing_an_undoing_brings_things_back(undone: list[int]) -> None:
    entries: tuple[Entry, ...] = (
        *(Sighting(at=NOW, heard=str(n), meant="x") for n in range(8)),
        *(Undone(at=NOW, entry=n) for n in undone),
    )
    assert {number for number, _ in standing(entries)} == set(range(1, 9)) - set(undone)
    last = len(entries)
    if undone:
        back = {number for number, _ in standing((*entries, Undone(at=NOW, entry=last)))}
        assert (undone[-1] in back) == (undone[-1] not in undone[:-1])
