"""Country profiles: what they say, that each value names its source, and that a learned one survives the disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxo_templates.country import CALLER_ID_TYPES, IMPEDANCES, Cadence, CountryProfile, Tone
from fxo_templates.country_file import parse_profile, profile_text, shipped_countries
from fxo_templates.device import country_profile, load_profile, produce, write_profile
from tests.unit.fxo_templates.sample_device import device
from vocabulary.errors import ConfigurationError


def test_the_countries_of_our_customers_are_there() -> None:
    assert shipped_countries() == ("AR", "BR", "CL", "CO", "CR", "ES", "MX", "PA", "PT", "US", "VE")


@pytest.mark.parametrize(
    ("iso", "hertz", "busy", "congestion"),
    [
        ("MX", (425,), ((250, 250),), ((250, 250),)),
        ("ES", (425,), ((200, 200),), ((200, 200), (200, 200), (200, 600))),
        ("AR", (425,), ((300, 300),), ((200, 300),)),
        ("CL", (400,), ((500, 500),), ((200, 200),)),
        ("CR", (450,), ((330, 330),), ((330, 330),)),
        ("US", (480, 620), ((500, 500),), ((250, 250),)),
    ],
)
def test_busy_and_congestion(iso: str, hertz: tuple[int, ...], busy: Cadence, congestion: Cadence) -> None:
    country = country_profile(iso)
    assert (country.busy.frequencies_hz, country.busy.cadence_ms) == (hertz, busy)
    assert (country.congestion.frequencies_hz, country.congestion.cadence_ms) == (hertz, congestion)


@pytest.mark.parametrize("iso", shipped_countries())
def test_every_value_names_its_source(iso: str) -> None:
    country = country_profile(iso.lower())
    assert country.iso == iso
    assert all(value.source for value in country.values().values())
    assert country.tone_is_known


def test_a_country_nobody_has_described_is_a_guess_that_says_learn_the_tone() -> None:
    peru = country_profile("PE")
    assert set(peru.untrusted()) == set(peru.values())
    warnings = [note for note in produce(device(country=peru)).notes if note.code == "learn-the-tone"]
    assert [note.severity for note in warnings] == ["warning"]
    assert "learn the tone" in warnings[0].message


def test_a_learned_tone_ends_that_warning() -> None:
    learned = replace(country_profile("PE"), hang_up=Tone((425,), ((320, 320),), "recorded on line 1", "learned"))
    assert "learn-the-tone" not in {note.code for note in produce(device(country=learned)).notes}


def test_values_from_experience_are_told() -> None:
    subjects = {note.subject for note in produce(device(country="MX")).notes}
    assert {"country.caller_id", "country.impedance"} <= subjects
    assert "country.busy" not in subjects


MILLISECONDS = st.integers(10, 60_000)
TONES = st.builds(
    Tone,
    st.lists(st.integers(50, 3900), min_size=1, max_size=2).map(tuple),
    st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=4).map(tuple),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
    st.sampled_from(["sourced", "learned", "memory"]),
)


@given(
    busy=TONES, hang_up=st.none() | TONES, kind=st.sampled_from(CALLER_ID_TYPES), impedance=st.sampled_from(IMPEDANCES)
)
def test_a_profile_comes_back_from_its_text_as_it_was(
    busy: Tone, hang_up: Tone | None, kind: str, impedance: str
) -> None:
    base = country_profile("MX")
    profile: CountryProfile = replace(
        base,
        busy=busy,
        hang_up=hang_up,
        caller_id=replace(base.caller_id, type=kind),  # type: ignore[arg-type]  # drawn from the type's own values
        impedance=replace(base.impedance, value=impedance),  # type: ignore[arg-type]  # likewise
    )
    assert parse_profile(profile_text(profile), "test") == profile


def test_a_profile_comes_back_from_the_disk(tmp_path: Path) -> None:
    learned = replace(country_profile("ES"), hang_up=Tone((420,), ((210, 190),), "line 2", "learned"))
    write_profile(tmp_path / "line2.toml", learned)
    assert load_profile(tmp_path / "line2.toml") == learned


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("[[250, 250]]", "[[250]]", "busy.cadence_ms"),
        ("[[250, 250]]", "[[250, -1]]", "busy.cadence_ms"),
        ("[425]", "[]", "dial.frequencies_hz"),
        ("[425]", '["425"]', "dial.frequencies_hz"),
        ('"bellcore_fsk"', '"morse"', "caller_id.type"),
        ('value = "600"', 'value = "50"', "impedance.value"),
        ('mark = "sourced"', 'mark = "sure"', "dial.mark"),
        ("[ring]", "[rings]", "rings"),
        ("iso =", "iso_code =", "iso_code"),
    ],
)
def test_a_damaged_profile_names_its_file_and_key(tmp_path: Path, before: str, after: str, key: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(profile_text(country_profile("MX")).replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_profile(path)
    assert str(refused.value).startswith(f"{path}: {key}: ")


@pytest.mark.parametrize("iso", ["MEX", "", "M1", "ñá"])
def test_a_country_is_two_letters(iso: str) -> None:
    with pytest.raises(ConfigurationError, match="country"):
        country_profile(iso)


def test_a_profile_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_profile(tmp_path / "nowhere.toml")
    (tmp_path / "bad.toml").write_text("[", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_profile(tmp_path / "bad.toml")
