"""Journals told from machine to machine: whoever knows the same entries has the same bank, in whatever order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.correction.bank import Bank, Rule
from engines.correction.journal import Entry, RuleRemoved, RuleSet, Sighting, Undone, entry_as_json, entry_of
from engines.correction.keeper import BankKeeper
from engines.correction.replica import SharedEntry, additions, shared
from engines.correction.teaching import learned

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)


def rule(meant: str, *, seconds: float = 0, id: str = "r") -> RuleSet:
    return RuleSet(at=NOON + timedelta(seconds=seconds), by="ana", rule=Rule(id=id, heard=id, meant=meant))


def sighting(seconds: float = 0) -> Sighting:
    return Sighting(at=NOON + timedelta(seconds=seconds), heard="biagero", meant="viajero")


def heard(mine: tuple[Entry, ...], theirs: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return (*mine, *(entry for _, entry in additions(mine, shared(theirs))))


def keeper(folder: Path, *, at: datetime = NOON) -> BankKeeper:
    folder.mkdir(parents=True, exist_ok=True)
    return BankKeeper(folder / "telecom.toml", may_be_right=lambda phrase: False, now=lambda: at)


def told(keeper: BankKeeper) -> list[SharedEntry]:
    """What a keeper's journal says, as it comes out of a database."""
    found = shared(keeper.history())
    return [SharedEntry(one.entry_id, one.undoes, entry_of(entry_as_json(one.entry))) for one in found]


def meant(keeper: BankKeeper) -> dict[str, str]:
    return {rule.heard: rule.meant for rule in keeper.read().bank.rules}


def test_what_is_told_twice_is_known_and_what_was_said_twice_is_two() -> None:
    journal = (sighting(), sighting(), rule("x"))
    names = [one.entry_id for one in shared(journal)]
    assert len(set(names)) == 3
    assert heard(journal, journal) == journal
    assert heard((), journal) == journal


def test_a_moment_told_in_another_time_zone_is_the_same_entry() -> None:
    at = NOON.astimezone().replace(tzinfo=NOON.astimezone().tzinfo)
    (one,), (other,) = shared([sighting()]), shared([sighting().model_copy(update={"at": at})])
    assert one.entry_id == other.entry_id


def test_an_undoing_undoes_the_same_whatever_its_number_is_here() -> None:
    theirs = (rule("x"), Undone(at=NOON, entry=1))
    mine = heard((rule("y", id="q"),), theirs)
    assert isinstance(mine[2], Undone)
    assert mine[2].entry == 2
    assert [one.id for one in learned(Bank(), mine).bank.rules] == ["q"]


def test_an_undoing_of_something_unknown_is_left_out() -> None:
    undoing = shared((rule("x"), Undone(at=NOON, entry=1)))[1:]
    assert list(additions((), undoing)) == []


def test_the_later_word_counts_though_the_earlier_was_heard_of_later() -> None:
    older, newer = (rule("older", seconds=1),), (rule("newer", seconds=2),)
    for mine, theirs in ((older, newer), (newer, older)):
        assert [one.meant for one in learned(Bank(), heard(mine, theirs)).bank.rules] == ["newer"]


def test_a_clock_that_goes_back_puts_no_later_entry_before_an_earlier_one(tmp_path: Path) -> None:
    keeper(tmp_path).add_rules([Rule(id="r", heard="r", meant="first")])
    keeper(tmp_path, at=NOON - timedelta(days=9)).add_rules([Rule(id="r", heard="r", meant="second")])
    assert meant(keeper(tmp_path)) == {"r": "second"}


def test_a_rule_is_taken_over_and_taken_back_on_another_machine(tmp_path: Path) -> None:
    one, other = keeper(tmp_path / "one"), keeper(tmp_path / "other")
    other.add_rules([Rule(id="own", heard="sita", meant="cita")])
    one.add_rules([Rule(id="r", heard="salgo", meant="saldo")])
    assert other.take_over(told(one)) == (1, ())
    assert other.take_over(told(one)) == (0, ())
    assert meant(other) == {"sita": "cita", "salgo": "saldo"}
    other.undo(2)
    assert one.take_over(told(other)) == (2, ())
    assert meant(one) == meant(other) == {"sita": "cita"}
    one.undo(len(one.history()))  # the undoing, undone
    other.take_over(told(one))
    assert meant(one) == meant(other) == {"sita": "cita", "salgo": "saldo"}


def test_what_would_contradict_is_set_aside_and_the_rest_is_taken(tmp_path: Path) -> None:
    one, other = keeper(tmp_path / "one"), keeper(tmp_path / "other")
    one.add_rules([Rule(id="a", heard="salgo", meant="saldo")])
    one.add_rules([Rule(id="b", heard="sita", meant="cita")])
    other.add_rules([Rule(id="c", heard="salgo", meant="salvo")])
    added, set_aside = other.take_over(told(one))
    assert (added, set_aside) == (1, (told(one)[0].entry_id,))
    assert meant(other) == {"salgo": "salvo", "sita": "cita"}
    other.remove("c")
    assert other.take_over(told(one)) == (1, ()), "once it no longer contradicts"
    assert meant(other) == {"salgo": "saldo", "sita": "cita"}


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["one", "other"]),
        st.sampled_from(["set", "remove", "see", "undo", "tell"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(ENTRIES)
def test_machines_that_told_each_other_everything_have_the_same_bank(steps: list[tuple[str, str, int]]) -> None:
    journals: dict[str, tuple[Entry, ...]] = {"one": (), "other": ()}
    for moment, (name, what, number) in enumerate(steps):
        mine = journals[name]
        at = NOON + timedelta(seconds=moment)
        match what:
            case "set":
                journals[name] = (*mine, rule(str(number), seconds=moment, id=f"r{number % 2}"))
            case "remove":
                journals[name] = (*mine, RuleRemoved(at=at, id=f"r{number % 2}"))
            case "see":
                journals[name] = (*mine, sighting(seconds=number))
            case "undo" if mine:
                journals[name] = (*mine, Undone(at=at, entry=number % len(mine) + 1))
            case "tell":
                other = "other" if name == "one" else "one"
                journals[other] = heard(journals[other], mine)
            case _:
                pass
    first = heard(journals["one"], journals["other"])
    second = heard(journals["other"], journals["one"])
    assert {entry.entry_id for entry in shared(first)} == {entry.entry_id for entry in shared(second)}
    here, there = learned(Bank(), first), learned(Bank(), second)
    assert {rule.id: rule.meant for rule in here.bank.rules} == {rule.id: rule.meant for rule in there.bank.rules}
    assert [one.conversations for one in here.candidates] == [one.conversations for one in there.candidates]
