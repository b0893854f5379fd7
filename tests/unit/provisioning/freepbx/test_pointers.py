"""What still points to us is found wherever FreePBX may have written it, and nothing else is accused."""

from provisioning.freepbx.pointers import pointers
from tests.freepbx_tree import tree


def texts(**site: object) -> dict[str, str]:
    return {**tree.generated_files(tree.FreePbxSite(**site)), **tree.custom_files()}


def named(files: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.target) for one in pointers(files)]


def test_an_untouched_freepbx_does_not_know_us() -> None:
    assert pointers(texts()) == []


def test_a_destination_and_the_route_through_it_are_both_named() -> None:
    for returns_to in ("", "ext-queues,400,1"):
        one = tree.CustomDestination(7, "centralita-entry,telecom,1", "Centralita telecom", returns_to)
        files = texts(
            custom_destinations=(one,),
            inbound_routes={"5550200": "from-did-direct,200,1", "5550300": "customdests,dest-7,1"},
        )
        assert named(files) == [
            ("custom destination", "Centralita telecom", "centralita-entry"),
            ("inbound route", "5550300", "customdests,dest-7"),
        ]


def test_a_destination_of_somebody_else_s_is_not_ours() -> None:
    other = tree.CustomDestination(1, "my-ivr,s,1", "before centralita-entry was here")
    assert pointers(texts(custom_destinations=(other,), inbound_routes={"1": "customdests,dest-1,1"})) == []


def test_a_straight_route_and_a_line_by_hand_are_found_too() -> None:
    files = texts(inbound_routes={"5550300": "centralita-entry,telecom,1"})
    files["extensions_custom.conf"] += (
        "[my-ivr]\nexten => 1,1,GotoIf($[1 = 1]?centralita-entry,telecom,1)\n"
        "exten => 2,1,Dial(Local/telecom@centralita-entry/n)\nexten => 3,1,NoOp(centralita-entry,telecom,1)\n"
    )
    assert named(files) == [
        ("dialplan", "1@my-ivr", "centralita-entry"),
        ("dialplan", "2@my-ivr", "centralita-entry"),
        ("inbound route", "5550300", "centralita-entry"),
    ]


def test_our_own_files_do_not_point_to_us() -> None:
    files = texts()
    files["centralita/extensions.conf"] = "[centralita-did]\nexten => 1,1,Goto(centralita-entry,telecom,1)\n"
    files["extensions_custom.conf"] += "#tryinclude centralita/extensions.conf\n"
    assert pointers(files) == []


def test_a_folder_without_dialplan_points_nowhere() -> None:
    assert pointers({}) == []
