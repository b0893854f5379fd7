"""What `produce` promises: every DID is forwarded, nothing breaks out of its place, nobody is told a secret."""

import string
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxo_templates.device import MODELS, Device, Line, produce
from fxo_templates.models import FXS_ONLY
from tests.unit.fxo_templates.sample_device import FILE_MODELS, assignments, changed, device, parameters, text
from vocabulary.errors import ConfigurationError

XML_MODELS = tuple(model for model in FILE_MODELS if MODELS[model].emits == "xml")
LINE_MODELS = tuple(model for model in FILE_MODELS if MODELS[model].emits != "xml")

DIDS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
PLAIN = st.text(string.ascii_letters + string.digits, min_size=1, max_size=30)
ANY_ASCII = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=30)


BREAKS = {"ini": "\"'`;,\\[]$=", "text": "\"'`;\\#!?$", "script": "\"'`;\\#[]$"}
"""What quotes, comments, separates or expands in each format."""


def forwarded(made: Device) -> dict[int, str]:
    """Return port → number to which the device's file sends the port's calls."""
    match made.model:
        case "gxw4104" | "gxw4108":
            pairs = (pair.partition(":") for pair in parameters(made)["P3607"].split(";") if pair)
            return {int(channel.removeprefix("ch")): number for channel, _, number in pairs}
        case "ht813" | "ht503":
            return {1: parameters(made)["P3305"]}
        case "spa3102":
            return {1: parameters(made)["Dial_Plan_1_2_"].removeprefix("(S0<:").removesuffix(">)")}
        case "obi110" | "obi212":
            route = parameters(made)["VoiceService.1.X_FXO.1.InboundCallRoute"]
            return {1: route.removeprefix("{sp2(").removesuffix(")}")}
        case "mp114" | "mp118":
            rows = {key: row for key, row in assignments(made).items() if key.startswith("TargetOfChannel ")}
            calls = {int(key.split()[1]) + 1: row.rstrip(";").split(", ") for key, row in rows.items()}
            return {port: row[0] for port, row in calls.items() if row[1] == "1"}
        case "mediatrix-c7":
            start, end = "EpServ.EndpointAutoCall[EndpointId=Slot1/FXO", "].Target"
            values = assignments(made)
            keys = (key for key in values if key.startswith(start) and key.endswith(end))
            return {int(key[len(start) : -len(end)]): values[key].strip('"') for key in keys}
        case _:
            lines = text(made).splitlines()
            starts = [number for number, line in enumerate(lines) if line.startswith("port fxo 0 ")]
            return {int(lines[at].split()[-1]) + 1: lines[at + 1].split()[-1] for at in starts}


@pytest.mark.parametrize("model", FILE_MODELS)
@settings(max_examples=30)
@given(data=st.data())
def test_every_line_is_forwarded_to_its_own_number_in_every_family(model: str, data: st.DataObject) -> None:
    most = MODELS[model].most_ports
    ports = data.draw(st.sets(st.integers(1, most), min_size=1, max_size=most))
    lines = tuple(Line(port, data.draw(DIDS)) for port in sorted(ports))
    style = data.draw(st.sampled_from(["e164", "digits"]))
    made = changed(device(model), {"lines": lines, "did_style": style})
    wanted = {line.port: line.did if style == "e164" else line.did[1:] for line in lines}
    assert forwarded(made) == wanted


@pytest.mark.parametrize("model", XML_MODELS)
@settings(max_examples=40)
@given(user=ANY_ASCII, password=ANY_ASCII, admin=ANY_ASCII)
def test_xml_gives_back_exactly_the_user_and_the_passwords(model: str, user: str, password: str, admin: str) -> None:
    made = device(model, user=user, password=password, admin_password=admin)
    if "$" in user + password + admin and model in ("spa3102", "obi110", "obi212"):
        with pytest.raises(ConfigurationError, match="meaning of its own"):
            produce(made)
        return
    values = parameters(made)
    plain = parameters(device(model))
    assert values.keys() == plain.keys()
    swapped = {"gw-oficina": user, "Clave123": password, "Admin999": admin}
    assert values == {key: swapped.get(value, value) for key, value in plain.items()}


@pytest.mark.parametrize("model", LINE_MODELS)
@settings(max_examples=40)
@given(user=ANY_ASCII, password=ANY_ASCII, admin=ANY_ASCII)
def test_a_user_or_password_changes_no_line_but_its_own(model: str, user: str, password: str, admin: str) -> None:
    plain = text(device(model))
    made = device(model, user=user, password=password, admin_password=admin)
    if set(user + password + admin) & set(BREAKS[MODELS[model].emits]):
        with pytest.raises(ConfigurationError, match="meaning of its own"):
            produce(made)
        return
    written = text(made)
    marked = plain.replace("gw-oficina", "\0u").replace("Clave123", "\0p").replace("Admin999", "\0a")
    assert written == marked.replace("\0u", user).replace("\0p", password).replace("\0a", admin)
    assert len(written.splitlines()) == len(plain.splitlines())


BREAKING = st.sampled_from(["\n", "\r", "\x00", "\x1b", "\x0b", "\x7f", "\u2028", "\x85", " ", "ñ", "\t"])
FIELDS = ("user", "password", "admin_password", "pbx_host", "mac", "gateway_id", "provisioning_url")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("model", [*FILE_MODELS, "other"])
@settings(max_examples=15)
@given(before=PLAIN, bad=BREAKING, after=PLAIN)
def test_a_character_that_could_add_a_line_is_refused_by_the_name_of_its_field(
    model: str, field: str, before: str, bad: str, after: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        produce(changed(device(model), {field: before + bad + after}))
    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("field", "line"), [("did", Line(1, "+5255\n123456789")), ("user", Line(1, "+525512345678", "a\nb"))]
)
def test_the_same_holds_for_the_fields_of_a_line(field: str, line: Line) -> None:
    with pytest.raises(ConfigurationError, match=rf"^lines\[0\]\.{field}: "):
        produce(replace(device(), lines=(line,)))


@pytest.mark.parametrize("field", ["name", "name_es"])
def test_the_name_of_a_learned_country_cannot_add_a_line(field: str) -> None:
    made = device()
    names = {"name": "Mexico", "name_es": "México", field: "x\ny"}
    country = replace(made.country, name=names["name"], name_es=names["name_es"])
    with pytest.raises(ConfigurationError, match=rf"^country\.{field}: "):
        produce(replace(made, country=country))


@given(password=st.text(min_size=4, max_size=40).filter(lambda text: not text.isascii()))
def test_a_refused_password_is_not_repeated(password: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        produce(device(password=password))
    assert password not in str(refused.value)


@pytest.mark.parametrize("model", MODELS)
def test_neither_repr_nor_notes_hold_a_secret(model: str) -> None:
    made = device(model, provisioning_url="http://192.168.1.10/prov/token77", lines=1)
    made = replace(made, lines=(Line(1, "+525512345671", "linea1", "Uno11111"),))
    output = produce(made)
    for secret in ("Clave123", "Admin999", "Uno11111", "token77"):
        assert secret not in repr(made)
        assert secret not in repr(output)
        assert all(secret not in note.message + note.message_es + note.subject for note in output.notes)


@pytest.mark.parametrize("model", FXS_ONLY)
def test_a_box_for_telephones_is_refused_and_a_relative_with_lines_is_named(model: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"^model: {model} has sockets for telephones only.*{FXS_ONLY[model]}"
    ):
        produce(device(model))
    assert FXS_ONLY[model] in MODELS


def test_a_mistyped_model_is_told_the_right_one() -> None:
    with pytest.raises(ConfigurationError, match=r"Did you mean gxw4104|Did you mean 'gxw4104'"):
        produce(device("gxw-4104"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": ()}, "lines: at least one"),
        ({"lines": tuple(Line(n, "+525512345678") for n in range(1, 6))}, "lines: 5 lines do not fit: GXW4104 has 4"),
        ({"lines": (Line(5, "+525512345678"),)}, r"lines\[0\].port: there is no port 5"),
        ({"lines": (Line(2, "+525512345678"), Line(2, "+525512345679"))}, r"lines\[1\].port: port 2 has two lines"),
        ({"lines": (Line(1, "5512345678"),)}, r"lines\[0\].did: a number in E.164"),
        ({"srtp": True}, "srtp: needs transport"),
        ({"admin_password": ""}, "admin_password: is empty"),
        ({"admin_password": "x" * 31}, "admin_password: GXW4104 takes 30"),
        ({"user": ""}, "user: is empty"),
        ({"password": ""}, "password: is empty"),
        ({"codecs": ("g729", "alaw")}, "codecs: must begin with"),
        ({"codecs": ()}, "codecs: must begin with"),
        ({"codecs": ("alaw", "alaw")}, "codecs: holds one twice"),
        ({"rings": 0}, "rings: between 1 and 10"),
        ({"pbx_port": 0}, "pbx_port: a port"),
        ({"local_sip_port": 70000}, "local_sip_port: a port"),
        ({"gain_from_line_db": 13}, "gain_from_line_db: between"),
        ({"mac": "00:0B:82:AA:BB:CC"}, "mac: 12 lowercase"),
        ({"gateway_id": "../x"}, "gateway_id: letters"),
        ({"pbx_host": "192.168.1.10;x"}, "pbx_host: an IPv4"),
        ({"provisioning_url": "ftp://x/"}, "provisioning_url: an http"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        produce(changed(device(), changes))


def test_srtp_is_refused_where_asterisk_could_not_understand_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^srtp: SPA3102"):
        produce(device("spa3102", transport="tls", srtp=True))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gxw4104", "cfg000b82aabbcc.xml"),
        ("ht813", "cfg000b82aabbcc.xml"),
        ("spa3102", "000b82aabbcc.xml"),
        ("mp118", "000b82aabbcc.ini"),
        ("smartnode-trinity", "000b82aabbcc.cfg"),
    ],
)
def test_the_file_is_named_as_the_device_asks_for_it(model: str, name: str) -> None:
    (file,) = produce(device(model)).files
    assert file.name == name


def test_without_a_mac_the_file_has_the_gateways_name_and_a_note_says_so() -> None:
    output = produce(device(mac=""))
    assert output.files[0].name == "cfgoficina.xml"
    assert "mac-unknown" in {note.code for note in output.notes}


def test_what_was_inferred_on_the_ht813_is_named_and_what_its_template_confirms_is_not() -> None:
    notes = produce(device("ht813")).notes
    named = {key for note in notes if note.code == "unverified-parameter" for key in note.subject.split(", ")}
    assert {"P3305", "P863", "P841", "P712", "P796"} <= named
    assert not named & {"P735", "P736", "P734", "P747", "P748", "P740", "P830", "P401"}
    on_ht503 = {note.subject for note in produce(device("ht503")).notes if note.code == "unverified-parameter"}
    assert on_ht503 == {"P271", "P248, P283"}


@pytest.mark.parametrize("model", ["obi110", "obi212"])
def test_every_parameter_of_the_obi_is_marked_unverified(model: str) -> None:
    made = device(model)
    notes = [note for note in produce(made).notes if note.code == "unverified-parameter"]
    assert {key for note in notes for key in note.subject.split(", ")} == set(parameters(made))


def test_every_model_that_promises_a_file_makes_one_of_that_kind() -> None:
    for model in FILE_MODELS:
        (file,) = produce(device(model)).files
        if MODELS[model].emits == "xml":
            ElementTree.fromstring(file.content)
        assert file.media_type == ("application/xml" if MODELS[model].emits == "xml" else "text/plain")


@pytest.mark.parametrize("model", MODELS)
def test_nothing_asked_for_is_dropped_without_a_word(model: str) -> None:
    """Each wish changes the file, or is named in a note; for a device without a file it changes the checklist."""
    plain = device(model, country="ES")
    wishes: dict[str, dict[str, object]] = {
        "hang_up.silence_seconds": {"hang_up": replace(plain.hang_up, silence_seconds=120)},
        "hang_up.polarity_reversal": {"hang_up": replace(plain.hang_up, polarity_reversal=True)},
        "hang_up.current_disconnect": {"hang_up": replace(plain.hang_up, current_disconnect=False)},
        "hang_up.busy_tone": {"hang_up": replace(plain.hang_up, busy_tone=False)},
        "caller_id_header": {"caller_id_header": "pai"},
        "gain_to_line_db": {"gain_to_line_db": 4},
        "gain_from_line_db": {"gain_from_line_db": 4},
        "rings": {"rings": 3},
        "fax": {"fax": True},
        "local_sip_port": {"local_sip_port": 5080},
        "admin_password": {"admin_password": "Other555"},
    }
    for field, wish in wishes.items():
        made = changed(plain, wish)
        output = produce(made)
        told = {note.subject for note in output.notes if note.code == "not-in-file"}
        if output.files:
            in_file = output.files[0].content != produce(plain).files[0].content
            together = {
                "gain_from_line_db": {"gain_to_line_db"},
                "hang_up.polarity_reversal": {"hang_up.current_disconnect"},
            }
            related = {field} | together.get(field, set())
            assert in_file or told & related, field
        else:
            assert output.checklist["es"] != produce(plain).checklist["es"], field
