"""AMI's events, as Asterisk 22.10 sends them, and what they make of the state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.ami_calls import CallOver, Calls
from ari_app.ami_fields import AmiEvent, DeviceState, device_of, whole
from ari_app.ami_queues import Member, Queue, Queues, Waiting
from ari_app.ami_state import AmiState, Change, DeviceChanged, QueueChanged, Synced

FREE, TALKS, RINGS, GONE = "1", "2", "6", "5"


def member(interface: str, status: str, **more: str) -> AmiEvent:
    return {"Event": "QueueMemberStatus", "Queue": "ventas", "Interface": interface, "MemberName": interface,
            "Status": status, "Paused": "0", "InCall": "0", **more}  # fmt: skip


def joins(uniqueid: str, position: int) -> AmiEvent:
    return {"Event": "QueueCallerJoin", "Queue": "ventas", "Uniqueid": uniqueid, "Channel": f"PJSIP/{uniqueid}",
            "CallerIDNum": "+34600111222", "Position": str(position)}  # fmt: skip


def leaves(uniqueid: str, event: str = "QueueCallerLeave") -> AmiEvent:
    return {"Event": event, "Queue": "ventas", "Uniqueid": uniqueid}


def queue_of(*events: AmiEvent) -> Queue:
    queues = Queues()
    for event in events:
        queues.receive(event)
    queue = queues.get("ventas")
    assert queue is not None
    return queue


# -- devices ----------------------------------------------------------------------------------------------------------


def test_a_device_is_told_of_once_per_change() -> None:
    state = AmiState()
    event = {"Event": "DeviceStateChange", "Device": "PJSIP/200", "State": "INUSE"}
    assert state.receive(event) == [DeviceChanged("PJSIP/200", DeviceState.INUSE, None)]
    assert state.receive(event) == []
    assert state.receive({**event, "State": "NEW WORD"}) == [
        DeviceChanged("PJSIP/200", DeviceState.UNKNOWN, DeviceState.INUSE)
    ]


def test_a_new_list_tells_only_what_is_different() -> None:
    state = AmiState()
    listed = [{"Event": "DeviceStateChange", "Device": f"PJSIP/{n}", "State": "NOT_INUSE"} for n in (200, 201)]
    assert len(state.replace_all(listed, [], [])) == 3
    assert state.replace_all(listed, [], []) == [Synced(2, 0, 0)]
    assert state.replace_all(listed[:1], [], []) == [
        DeviceChanged("PJSIP/201", DeviceState.UNKNOWN, DeviceState.NOT_INUSE), Synced(1, 0, 0)
    ]  # fmt: skip


def test_a_queue_that_is_gone_is_told_as_empty() -> None:
    state = AmiState()
    state.replace_all([], [{**member("PJSIP/200", FREE), "Event": "QueueMember"}], [])
    assert state.replace_all([], [], [])[0] == QueueChanged(Queue("ventas"))
    assert not state.queues.can_take_a_call("ventas")


# -- queues -----------------------------------------------------------------------------------------------------------


def test_a_queue_with_a_free_member_takes_a_call() -> None:
    assert queue_of(member("PJSIP/200", FREE)).can_take_a_call()


@pytest.mark.parametrize(
    "event",
    [
        member("PJSIP/200", TALKS),
        member("PJSIP/200", RINGS),
        member("PJSIP/200", GONE),
        member("PJSIP/200", FREE, Paused="1"),
        member("PJSIP/200", FREE, InCall="1"),
        joins("1", 1),
    ],
)
def test_a_queue_without_a_free_member_takes_none(event: AmiEvent) -> None:
    assert not queue_of(event).can_take_a_call()


def test_who_waits_already_comes_first() -> None:
    one_free = [member("PJSIP/200", TALKS), member("PJSIP/201", FREE)]
    assert not queue_of(*one_free, joins("1", 1)).can_take_a_call()
    # but the one for whom somebody rings already needs nobody else
    assert queue_of(member("PJSIP/200", RINGS), member("PJSIP/201", FREE), joins("1", 1)).can_take_a_call()


def test_a_full_queue_takes_none() -> None:
    full = {"Event": "QueueParams", "Queue": "ventas", "Max": "1", "Strategy": "ringall"}
    members = [member(f"PJSIP/{n}", FREE) for n in range(5)]
    assert queue_of(full, *members).can_take_a_call()
    assert not queue_of(full, *members, joins("1", 1)).can_take_a_call()


def test_wrap_up_time_counts() -> None:
    queue = queue_of(member("PJSIP/200", FREE, LastCall="1000", Wrapuptime="30"))
    assert not queue.can_take_a_call(now=1029)
    assert queue.can_take_a_call(now=1030)


def test_callers_move_up() -> None:
    queue = queue_of(joins("1", 1), joins("2", 2), joins("vip", 1), leaves("1"))
    assert [(one.uniqueid, one.position) for one in queue.waiting] == [("vip", 1), ("2", 2)]


def test_abandoning_is_also_leaving() -> None:
    queue = queue_of(joins("1", 1), joins("2", 2), leaves("1", "QueueCallerAbandon"), leaves("1"))
    assert [(one.uniqueid, one.position) for one in queue.waiting] == [("2", 1)]


def test_the_list_and_the_events_say_the_same_of_a_member() -> None:
    listed = {"Event": "QueueMember", "Queue": "ventas", "Name": "Ana", "Location": "PJSIP/200", "Status": "1",
              "Paused": "1", "PausedReason": "comida", "CallsTaken": "3", "Penalty": "2"}  # fmt: skip
    expected = Member("PJSIP/200", "Ana", DeviceState.NOT_INUSE, True, "comida", penalty=2, calls_taken=3)
    assert queue_of(listed).members == (expected,)
    removed = {"Event": "QueueMemberRemoved", "Queue": "ventas", "Interface": "PJSIP/200"}
    assert queue_of(listed, removed).members == ()


def test_a_waiting_caller_s_number_is_not_in_the_repr() -> None:
    assert "600111222" not in repr(queue_of(joins("1", 1)))
    assert Waiting("1", "PJSIP/1").number == ""


# -- calls ------------------------------------------------------------------------------------------------------------


def channel(uniqueid: str, name: str, linkedid: str = "1") -> AmiEvent:
    return {"Event": "Newchannel", "Uniqueid": uniqueid, "Linkedid": linkedid, "Channel": name, "CallerIDNum": "600"}


def dial_end(status: str, destination: str = "2") -> AmiEvent:
    return {"Event": "DialEnd", "Uniqueid": "1", "DestUniqueid": destination,
            "DestChannel": "PJSIP/200-0000000a", "DialStatus": status}  # fmt: skip


def asks(uniqueid: str) -> AmiEvent:
    return {"Event": "HangupRequest", "Uniqueid": uniqueid}


def hangs(uniqueid: str, cause: int = 16, text: str = "Normal Clearing") -> AmiEvent:
    return {"Event": "Hangup", "Uniqueid": uniqueid, "Cause": str(cause), "Cause-txt": text}


BOTH = [channel("1", "PJSIP/caller-00000001"), channel("2", "PJSIP/200-0000000a")]


def over(*events: AmiEvent) -> CallOver:
    """The one call that ended, with the last event."""
    calls = Calls()
    told = [calls.receive(event) for event in events]
    assert told[:-1] == [None] * (len(told) - 1)
    assert told[-1] is not None
    assert len(calls) == 0
    return told[-1]


def test_busy() -> None:
    call = over(*BOTH, asks("2"), dial_end("BUSY"), hangs("1", 17, "User busy"), hangs("2", 17, "User busy"))
    assert (call.cause, call.cause_text, call.result, call.ended_by) == (17, "User busy", "BUSY", "callee")
    assert call.dialled[0].device == "PJSIP/200"


def test_one_who_refuses_before_asterisk_tells_that_it_was_dialled() -> None:
    begins = {"Event": "DialBegin", "Uniqueid": "1", "DestUniqueid": "2"}
    assert over(*BOTH, asks("2"), begins, dial_end("BUSY"), hangs("2", 17), hangs("1", 17)).ended_by == "callee"


def test_no_answer() -> None:
    call = over(*BOTH, dial_end("NOANSWER"), hangs("2", 0, "Unknown"), hangs("1", 19))
    assert (call.cause, call.result, call.ended_by) == (19, "NOANSWER", "pbx")


@pytest.mark.parametrize(("who", "by"), [("1", "caller"), ("2", "callee")])
def test_who_hung_up(who: str, by: str) -> None:
    assert over(*BOTH, dial_end("ANSWER"), asks(who), hangs("2"), hangs("1")).ended_by == by


def test_one_who_refused_has_not_ended_a_call_that_another_took() -> None:
    third = channel("3", "PJSIP/201-0000000b")
    begins = {"Event": "DialBegin", "Uniqueid": "1", "DestUniqueid": "3"}
    call = over(*BOTH, asks("2"), dial_end("BUSY"), hangs("2", 17), begins, third, dial_end("ANSWER", "3"),
                hangs("3"), hangs("1"))  # fmt: skip
    assert (call.result, call.ended_by) == ("ANSWER", "pbx")


def test_the_halves_of_a_local_channel_want_nothing_of_their_own() -> None:
    half = channel("2", "Local/200@centralita-people-00000001;1")
    assert over(BOTH[0], half, asks("2"), hangs("2"), hangs("1")).ended_by == "pbx"


def test_a_call_that_ended_while_nobody_watched_is_told_when_it_is_missed() -> None:
    calls = Calls()
    listed = [{**event, "Event": "CoreShowChannel"} for event in BOTH]
    assert calls.replace_all(listed) == []
    assert calls.replace_all(listed[:1]) == []
    assert [call.ended_by for call in calls.replace_all([])] == ["unknown"]


def test_a_hangup_of_a_channel_nobody_knew_is_no_call() -> None:
    assert Calls().receive(hangs("9")) is None


# -- anything ---------------------------------------------------------------------------------------------------------

NAMES = ["Newchannel", "HangupRequest", "DialBegin", "DialEnd", "Hangup", "QueueMember", "QueueMemberRemoved"]
NAMES += ["QueueCallerJoin", "QueueCallerLeave", "QueueEntry", "QueueParams", "DeviceStateChange", "Other", ""]
KEYS = ["Uniqueid", "Linkedid", "DestUniqueid", "Queue", "Interface", "Position", "Status", "Device", "State"]
KEYS += ["Channel", "DialStatus", "Cause", "Max"]
WORDS = st.sampled_from(["", "1", "2", "3", "-1", "x", "²", "9" * 40, "Local/1", "BUSY", "ventas"])
EVENTS = st.builds(
    lambda name, rest: {"Event": name, **rest},
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(KEYS), WORDS),
)


@given(st.lists(EVENTS, max_size=60), st.lists(EVENTS, max_size=10))
def test_no_event_breaks_the_state(events: list[dict[str, str]], listed: list[dict[str, str]]) -> None:
    state = AmiState()
    changes: list[Change] = []
    for event in events:
        changes += state.receive(event)
    changes += state.replace_all(listed, listed, listed)
    state.replace_all([], [], [])
    assert len(state.calls) == 0
    assert list(state.queues) == []
    assert isinstance(changes[-1], Synced)


@pytest.mark.parametrize(("text", "number"), [("12", 12), (" -3 ", -3), ("", 0), ("²", 0), ("1.5", 0), ("9" * 30, 0)])
def test_numbers_in_headers(text: str, number: int) -> None:
    assert whole(text) == number


def test_the_device_of_a_channel() -> None:
    assert device_of("PJSIP/sala-2-0000000a") == "PJSIP/sala-2"
    assert device_of("PJSIP/200") == "PJSIP/200"
