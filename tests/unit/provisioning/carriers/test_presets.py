"""The presets that ship: complete, dated, valid as config, and honest about what is not known."""

from datetime import date

import pytest
from pydantic import ValidationError

from provisioning.carriers import Preset, preset_named, presets
from provisioning.carriers.loading import parse_presets
from provisioning.carriers.preset import is_open
from provisioning.finding import has_errors
from provisioning.model import CarrierGradeConfig
from vocabulary.errors import ConfigurationError

READ_BETWEEN = (date(2026, 10, 1), date(2026, 12, 31))
ANSWERS: dict[str, object] = {
    "host": "198.51.100.20",
    "user": "cuenta",
    "password": "env:CARRIER_PASSWORD",
    "signalling": ["198.51.100.20", "198.51.100.21"],
    "channels": 10,
    "outbound_caller_id": "+525555123400",
    "auth_type": "ip_auth",
    "number_format": "national",
    "did_format": "national",
    "dial_prefix": "12345678*",
}
"""What a customer copies from the carrier's sheet."""

EVERY = [
    variant
    for preset in presets().values()
    for variant in (preset, *(preset.in_region(region) for region in preset.regions))
]


def of_kind(kind: str) -> list[Preset]:
    return [preset for preset in presets().values() if preset.kind == kind]


def config_for(preset: Preset, **said: object) -> CarrierGradeConfig:
    return CarrierGradeConfig.model_validate({"preset": preset.id, **said})


def test_the_carriers_of_the_market_are_there() -> None:
    assert {"telnyx", "twilio", "didww", "vonage", "flowroute", "anveo", "sinch", "signalwire", "zadarma", "voipms",
            "netelip"} <= {preset.id for preset in of_kind("preset")}  # fmt: skip
    assert {preset.id for preset in of_kind("form")} == {
        "telmex", "totalplay", "axtel", "maxcom", "marcatel", "izzi",
        "telefonica", "vodafone-es", "orange-es", "voztelecom", "sarenet",
    }  # fmt: skip


@pytest.mark.parametrize("preset", EVERY, ids=lambda preset: preset.id)
def test_every_fact_says_where_and_when_it_was_read(preset: Preset) -> None:
    assert preset.all_facts()
    for name, fact in preset.all_facts():
        assert fact.source, name
        assert READ_BETWEEN[0] <= fact.read_on <= READ_BETWEEN[1], name
        if fact.verified and not fact.url:
            assert fact.source == "Public configurations of users (host and fromdomain sip.netelip.com)", name


@pytest.mark.parametrize("preset", EVERY, ids=lambda preset: preset.id)
def test_what_is_from_memory_is_never_called_verified(preset: Preset) -> None:
    assert [name for name, fact in preset.all_facts() if fact.source.startswith("From memory") and fact.verified] == []


@pytest.mark.parametrize("preset", EVERY, ids=lambda preset: preset.id)
def test_a_trunk_that_only_names_its_carrier_and_answers_its_questions_is_complete(preset: Preset) -> None:
    answers = {need.field: ANSWERS[need.field] for need in preset.required if need.field not in preset.fills}
    if preset.host_shape and "host" in answers:
        answers["host"] = preset.host_shape.replace("{trunk}", "miempresa")
    said = config_for(preset, **answers)
    filling = preset.fill(said)
    assert preset.missing(said) == []
    assert filling.config.host
    assert preset.fits_host(filling.config.host)
    assert filling.config.auth_type in (preset.words("auth_types") or ("register", "ip_auth"))


@pytest.mark.parametrize("form", of_kind("form"), ids=lambda preset: preset.id)
def test_a_form_knows_no_host_and_refuses_until_it_is_filled(form: Preset) -> None:
    assert not {"host", "signalling", "user", "from_domain", "outbound_proxy"} & set(form.facts)
    missing = form.missing(config_for(form))
    assert has_errors(missing)
    assert {"host", "outbound_caller_id"} <= {finding.subject for finding in missing}


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.id)
def test_what_is_asked_of_the_customer_is_asked_in_both_languages(preset: Preset) -> None:
    for need in preset.required:
        assert need.es.endswith(".")
        assert need.en.endswith(".")
        assert need.es != need.en


def test_a_region_is_a_preset_of_its_own() -> None:
    europe = preset_named("telnyx-eu")
    config = europe.fill(config_for(europe)).config
    assert config.host == "sip.telnyx.eu"
    assert config.signalling == ("185.246.41.140/32", "185.246.41.141/32")
    assert preset_named("twilio-sao-paulo").host_shape == "{trunk}.pstn.sao-paulo.twilio.com"
    assert preset_named("didww-out-mia").fills["host"].value == "mia.us.out.didww.com"


def test_a_misspelled_preset_is_met_with_its_neighbour() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'telnyx'"):
        preset_named("telnix")


def test_what_the_file_says_comes_before_the_preset() -> None:
    telnyx = presets()["telnyx"]
    said = config_for(telnyx, host="sip.telnyx.eu", number_format="digits")
    filling = telnyx.fill(said)
    assert (filling.config.host, filling.config.number_format) == ("sip.telnyx.eu", "digits")
    assert [one.field for one in filling.fields] == ["signalling", "did_format"]


def test_an_empty_field_is_open_and_a_field_said_with_its_default_is_not() -> None:
    vonage = presets()["vonage"]
    said = config_for(vonage, host="", caller_id_header="pai")
    assert is_open(said, "host")
    assert vonage.fill(said).config.caller_id_header == "pai"


def test_filling_twice_is_filling_once() -> None:
    for preset in EVERY:
        once = preset.fill(config_for(preset)).config
        again = preset.fill(once)
        assert again.config == once
        assert again.fields == ()


def test_numbers_passwords_and_names_are_left_alone() -> None:
    said = CarrierGradeConfig.model_validate(
        {"preset": "telnyx", "label": "Oficina", "password": "env:X", "dids": [{"number": "+34910123456"}]}
    )
    new = presets()["telnyx"].fill(said).config
    assert (new.label, new.password, new.dids) == (said.label, said.password, said.dids)


ONE = """
id = "uno"
label = "Uno"
[sources.page]
text = "A page"
url = "https://example.com/"
read_on = 2026-11-20
[fills]
host = { value = "sip.example.com", source = "page", verified = true }
"""


def test_a_preset_is_read_from_one_small_file() -> None:
    (one,) = parse_presets(ONE, "uno.toml")
    fact = one.fills["host"]
    assert (fact.value, fact.url, fact.read_on, fact.verified) == (
        "sip.example.com", "https://example.com/", date(2026, 11, 20), True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "page"', 'source = "other"', "no source 'other'"),
        ("host = {", "password = {", "cannot fill 'password'"),
        ("host = {", "hots = {", "cannot fill 'hots'"),
        ("sip.example.com", "not a host", "must be an IP address or a host name"),
        ("read_on = 2026-11-20", "", "read_on"),
        ("https://example.com/", "example", "url"),
        ('id = "uno"', "", "names no carrier"),
        ("verified = true", "verified = true, truth = 1", "truth"),
    ],
)
def test_a_preset_file_that_is_wrong_is_refused_by_name(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"(?s)preset file uno.toml.*{said}"):
        parse_presets(ONE.replace(old, new), "uno.toml")


def test_a_preset_that_contradicts_the_file_is_told_by_the_model() -> None:
    local = ONE.replace(
        "[fills]", '[fills]\ndid_format = { value = "local", source = "page", verified = true }\n'
        'local_digits = { value = 4, source = "page", verified = true }'
    )  # fmt: skip
    (one,) = parse_presets(local, "uno.toml")
    assert one.fill(CarrierGradeConfig()).config.local_digits == 4
    with pytest.raises(ValidationError, match="number_format"):
        CarrierGradeConfig.model_validate({"number_format": "guess"})


def test_encryption_of_the_sound_is_only_filled_where_sip_is_encrypted() -> None:
    secure = ONE.replace(
        "[fills]",
        '[fills]\ntransport = { value = "tls", source = "page", verified = true }\n'
        'srtp = { value = true, source = "page", verified = true }',
    )
    (one,) = parse_presets(secure, "uno.toml")
    new = one.fill(CarrierGradeConfig()).config
    assert (new.transport, new.srtp) == ("tls", True)
    told = one.fill(CarrierGradeConfig(transport="udp")).config
    assert (told.transport, told.srtp) == ("udp", False)
