"""Who may take what from the shelf, and how often."""

from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_address, ip_network

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from device_server.fetch_log import line_of
from device_server.protocol import Request
from device_server.shelf import Answer, Shelf, ShelvedDevice, entry_of
from fxo_templates.model import DeviceFile

TOKEN = "a-token-that-nobody-can-guess-01"
OTHER_TOKEN = "a-token-that-nobody-can-guess-02"
OFFICE = ShelvedDevice(
    "oficina",
    TOKEN,
    (ip_network("192.168.1.0/24"),),
    (
        DeviceFile("cfg000b82aabbcc.xml", b"<secret/>", "text/xml"),
        DeviceFile("spa3102.cfg", b"secret=1", "text/plain"),
    ),
)
SHOP = replace(
    OFFICE, id="tienda", token=OTHER_TOKEN, files=(DeviceFile("cfg000b82ddeeff.xml", b"<other/>", "text/xml"),)
)
AT_OFFICE = ip_address("192.168.1.50")
ELSEWHERE = ip_address("192.168.2.50")
GET = Request("GET", (TOKEN, "cfg000b82aabbcc.xml"), "Grandstream HT813")


def fetch(shelf: Shelf, request: Request = GET, *, has_arrived: bool = True) -> Answer:
    answer = shelf.answer(request, AT_OFFICE)
    shelf.begin(answer, str(AT_OFFICE), 1.0)
    shelf.end(answer, str(AT_OFFICE), 2.0, has_arrived=has_arrived)
    return answer


def test_a_device_fetches_its_own_file_once() -> None:
    shelf = Shelf([OFFICE, SHOP])
    first, second = fetch(shelf), fetch(shelf)
    assert (first.status, first.body, first.media_type, first.outcome) == (200, b"<secret/>", "text/xml", "taken")
    assert (second.status, second.outcome, second.device, second.file) == (
        HTTPStatus.NOT_FOUND,
        "withdrawn",
        "oficina",
        "cfg000b82aabbcc.xml",
    )


def test_its_other_files_stay_until_they_are_taken() -> None:
    shelf = Shelf([OFFICE])
    fetch(shelf)
    assert fetch(shelf, Request("GET", (TOKEN, "spa3102.cfg"))).outcome == "taken"


def test_a_mac_may_be_written_in_either_case() -> None:
    shelf = Shelf([OFFICE])
    assert fetch(shelf, Request("GET", (TOKEN, "CFG000B82AABBCC.XML"))).outcome == "taken"
    assert fetch(shelf).outcome == "withdrawn"


def test_whoever_has_no_right_to_a_file_gets_always_the_same_answer() -> None:
    shelf = Shelf([OFFICE, SHOP])
    fetch(shelf, Request("GET", (TOKEN, "spa3102.cfg")))
    answers = {
        "unknown-token": shelf.answer(Request("GET", ("x" * 32, "cfg000b82aabbcc.xml")), AT_OFFICE),
        "other-network": shelf.answer(GET, ELSEWHERE),
        "unknown-file": shelf.answer(Request("GET", (TOKEN, "cfg000b82ddeeff.xml")), AT_OFFICE),
        "withdrawn": shelf.answer(Request("GET", (TOKEN, "spa3102.cfg")), AT_OFFICE),
    }
    assert [answer.outcome for answer in answers.values()] == list(answers)
    assert len({(answer.status, answer.body, answer.media_type) for answer in answers.values()}) == 1
    for path in (None, (), (TOKEN,), (TOKEN, "a", "b"), ("", "")):
        answer = shelf.answer(Request("GET", path), AT_OFFICE)
        assert (answer.status, answer.body) == (404, b"Not found\n")
    assert shelf.answer(GET, None).outcome == "other-network"


def test_the_binary_twin_that_a_grandstream_asks_for_first_is_politely_not_there() -> None:
    shelf = Shelf([OFFICE])
    assert shelf.answer(Request("GET", (TOKEN, "cfg000b82aabbcc")), AT_OFFICE).outcome == "unknown-file"
    assert fetch(shelf).outcome == "taken"


def test_a_cut_fetch_does_not_count() -> None:
    shelf = Shelf([OFFICE])
    fetch(shelf, has_arrived=False)
    assert fetch(shelf).outcome == "taken"


def test_while_it_is_on_its_way_nobody_else_gets_it() -> None:
    shelf = Shelf([OFFICE])
    shelf.begin(shelf.answer(GET, AT_OFFICE), "192.168.1.50", 1.0)
    assert shelf.answer(GET, AT_OFFICE).outcome == "withdrawn"


def test_looking_takes_nothing() -> None:
    shelf = Shelf([OFFICE])
    look = Request("HEAD", GET.path)
    assert [fetch(shelf, look).outcome for _ in range(2)] == ["looked", "looked"]
    assert shelf.takings == {}
    fetch(shelf)
    assert shelf.answer(look, AT_OFFICE).outcome == "withdrawn"


def test_a_new_edition_may_be_taken_once_more_and_an_old_one_may_not() -> None:
    shelf = Shelf([OFFICE])
    fetch(shelf)
    shelf.restock([OFFICE])
    assert fetch(shelf).outcome == "withdrawn"
    shelf.restock([replace(OFFICE, edition=2)])
    assert [fetch(shelf).outcome for _ in range(2)] == ["taken", "withdrawn"]


def test_a_file_without_secrets_may_be_fetched_again_and_again() -> None:
    shelf = Shelf([replace(OFFICE, one_time=False)])
    assert [fetch(shelf).outcome for _ in range(3)] == ["served"] * 3
    assert shelf.takings == {}


def test_what_was_taken_stays_taken_after_a_restart() -> None:
    shelf = Shelf([OFFICE])
    fetch(shelf)
    again = Shelf([OFFICE], shelf.takings)
    assert again.recover(3.0) == []
    assert fetch(again).outcome == "withdrawn"


def test_what_was_on_its_way_when_we_were_killed_is_available_and_the_log_says_so() -> None:
    shelf = Shelf([OFFICE])
    shelf.begin(shelf.answer(GET, AT_OFFICE), "192.168.1.50", 1.0)
    again = Shelf([OFFICE], shelf.takings)
    (entry,) = again.recover(3.0)
    assert (entry.outcome, entry.device, entry.file) == ("uncertain", "oficina", "cfg000b82aabbcc.xml")
    assert fetch(again).outcome == "taken"


def test_neither_log_nor_repr_holds_a_token_or_content() -> None:
    shelf = Shelf([OFFICE])
    nosy = Request("GET", (TOKEN, f"x-{TOKEN}-x"), f"agent {TOKEN} \x1b[31m" + "a" * 500)
    for request in (GET, nosy, Request("GET", (OTHER_TOKEN, "x"))):
        answer = shelf.answer(request, AT_OFFICE)
        entry = entry_of(answer, "192.168.1.50", 0.0, len(answer.body), has_arrived=True)
        for shown in (line_of(entry), repr(answer), repr(shelf.takings), repr(OFFICE)):
            assert TOKEN not in shown
            assert OTHER_TOKEN not in shown
            assert "secret" not in shown
        assert len(entry.user_agent) <= 160
        assert entry.user_agent.isprintable()


class OneTimeFile(RuleBasedStateMachine):
    """Fetches, cuts, kills and new editions in any order: no edition is given away twice unless the log says why."""

    def __init__(self) -> None:
        super().__init__()
        self.device = OFFICE
        self.shelf = Shelf([OFFICE])
        self.given: list[int] = []
        self.excused: list[int] = []
        self.under_way: Answer | None = None

    @rule()
    def ask(self) -> None:
        answer = self.shelf.answer(GET, AT_OFFICE)
        if answer.status == HTTPStatus.OK:
            assert self.under_way is None
            self.shelf.begin(answer, "c", 1.0)
            self.under_way = answer
            self.given.append(answer.edition)

    @rule(has_arrived=st.booleans())
    def finish(self, has_arrived: bool) -> None:
        if self.under_way:
            self.shelf.end(self.under_way, "c", 2.0, has_arrived=has_arrived)
            if entry_of(self.under_way, "c", 2.0, 0, has_arrived=has_arrived).outcome == "cut":
                self.excused.append(self.under_way.edition)
            self.under_way = None

    @rule()
    def be_killed_and_restart(self) -> None:
        self.shelf = Shelf([self.device], self.shelf.takings)
        released = self.shelf.recover(3.0)
        assert len(released) == (self.under_way is not None)
        if self.under_way:
            self.excused.append(self.under_way.edition)
        self.under_way = None

    @rule()
    def bring_a_new_edition(self) -> None:
        self.device = replace(self.device, edition=self.device.edition + 1)
        self.shelf.restock([self.device])
        if self.under_way:
            # the server lets one fetch of a file end before the next begins
            self.finish(has_arrived=True)

    @invariant()
    def nothing_is_given_twice_in_silence(self) -> None:
        for edition in set(self.given):
            assert self.given.count(edition) <= 1 + self.excused.count(edition)


TestOneTimeFile = OneTimeFile.TestCase
TestOneTimeFile.settings = settings(max_examples=60, stateful_step_count=25)
