"""The config as its owner writes it: what loads, what is refused, and by which name."""

import json
from pathlib import Path

import pytest

from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import json_schema, load_telephony, parse_telephony
from vocabulary.problems import Misconfigured

ROOT = Path(__file__).parents[4]
EXAMPLES = sorted((ROOT / "examples" / "telephony").glob("*.toml"))


def problems(data: object) -> dict[str, str]:
    with pytest.raises(Misconfigured) as caught:
        parse_telephony(data)
    return {problem.key: problem.message for problem in caught.value.problems}


class TestTheUsersDocuments:
    """Field names and defaults of row T3."""

    def test_an_empty_config_has_the_documented_defaults(self) -> None:
        config = parse_telephony({"method": "", "fxo_gateway": {}, "carrier_grade": {}})
        gateway, carrier = config.fxo_gateway, config.carrier_grade
        assert gateway is not None
        assert carrier is not None
        assert (gateway.ip, gateway.sip_port, gateway.user, gateway.fxo_ports, gateway.codec, gateway.dids) == (
            "", 5060, "gateway", 4, "ulaw", (),
        )  # fmt: skip
        assert not gateway.password
        assert (carrier.host, carrier.user, carrier.outbound_caller_id, carrier.auth_type, carrier.dids) == (
            "", "", "", "register", (),
        )  # fmt: skip
        assert not carrier.password

    def test_a_number_has_the_documented_fields(self) -> None:
        config = parse_telephony({"method": "fxo_gateway", "fxo_gateway": {"dids": [{}]}})
        assert config.fxo_gateway is not None
        [did] = config.fxo_gateway.dids
        assert (did.number, did.label, did.active) == ("", "", True)

    def test_the_documents_own_mexican_number_loads_in_todays_form(self) -> None:
        config = parse_telephony(
            {
                "method": "fxo_gateway",
                "fxo_gateway": {"dids": [{"number": "+5215512345678", "label": "Linea Principal"}]},
            }
        )
        assert [did.number for _, _, did in config.all_dids()] == ["+525512345678"]

    @pytest.mark.parametrize("codec", ["ulaw", "alaw", "g729"])
    def test_every_documented_codec_loads(self, codec: str) -> None:
        parse_telephony({"method": "fxo_gateway", "fxo_gateway": {"codec": codec}})

    def test_the_single_way_in_and_the_named_ones_stand_side_by_side(self) -> None:
        config = parse_telephony(
            {
                "method": "carrier_grade",
                "carrier_grade": {"host": "sip.example.com"},
                "gateways": {"oficina": {"ip": "192.168.1.50"}, "almacen": {"ip": "192.168.1.51"}},
                "carriers": {"otro": {"host": "198.51.100.7", "auth_type": "ip_auth"}},
            }
        )
        assert list(config.all_gateways()) == ["oficina", "almacen"]
        assert list(config.all_carriers()) == ["carrier", "otro"]
        assert config.key_of("carrier") == "carrier_grade"
        assert config.key_of("oficina") == "gateways.oficina"


class TestRefusals:
    def test_an_unknown_key_is_named_with_the_nearest_known_one(self) -> None:
        assert "Did you mean 'password'" in problems({"fxo_gateway": {"pasword": "x"}})["fxo_gateway.pasword"]

    @pytest.mark.parametrize("evil", ["a\nb", "a;b", "a]b", "a[b", "a\\b", "a\x00b", "a\u2028b", "a\u202eb", "\x7f"])
    @pytest.mark.parametrize(
        ("table", "key"),
        [
            ("fxo_gateway", "ip"), ("fxo_gateway", "user"), ("fxo_gateway", "password"), ("fxo_gateway", "label"),
            ("fxo_gateway", "model"), ("fxo_gateway", "mac"), ("carrier_grade", "host"), ("carrier_grade", "user"),
            ("carrier_grade", "password"), ("carrier_grade", "outbound_caller_id"), ("carrier_grade", "ca_file"),
            ("carrier_grade", "from_domain"), ("carrier_grade", "dial_prefix"),
        ],
    )  # fmt: skip
    def test_a_character_that_would_become_configuration_is_refused_by_name(
        self, table: str, key: str, evil: str
    ) -> None:
        assert f"{table}.{key}" in problems({table: {key: evil}})

    def test_a_refused_password_is_not_repeated(self) -> None:
        with pytest.raises(Misconfigured) as caught:
            parse_telephony({"fxo_gateway": {"password": "cl4ve;secreta"}})
        assert "cl4ve" not in str(caught.value)

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            ("5512345678", "must begin with +"),
            ("+52551234567", "too few or too many digits"),
            ("+999123456789", "no telephone number"),
            ("+34 91", "too few"),
        ],
    )
    def test_a_number_without_country_or_with_wrong_digits_is_refused(self, number: str, reason: str) -> None:
        assert reason in problems({"fxo_gateway": {"dids": [{"number": number}]}})["fxo_gateway.dids.0.number"]

    def test_encrypted_sound_without_tls_is_refused(self) -> None:
        assert "keys travel in clear" in problems({"carriers": {"x": {"srtp": True}}})["carriers.x"]

    def test_more_numbers_than_lines_are_refused(self) -> None:
        dids = [{"number": f"+5255551234{n:02}"} for n in range(5)]
        assert "do not fit on 4 lines" in problems({"fxo_gateway": {"dids": dids}})["fxo_gateway"]

    def test_two_numbers_on_one_line_are_refused(self) -> None:
        dids = [{"number": "+525555123401", "line": 2}, {"number": "+525555123402", "line": 2}]
        assert "line 2 has two numbers" in problems({"gateways": {"g": {"dids": dids}}})["gateways.g"]

    def test_a_method_without_its_table_is_refused(self) -> None:
        assert "needs the table fxo_gateway" in problems({"method": "fxo_gateway"})[""]

    def test_a_place_says_what_it_lacks(self) -> None:
        found = problems({"site": {"fallback": {"kind": "external"}}})
        assert "needs number" in found["site.fallback"]

    def test_a_gateway_and_a_carrier_cannot_share_a_name(self) -> None:
        assert (
            "'x' is the name of a gateway and of a carrier"
            in problems({"gateways": {"x": {}}, "carriers": {"x": {}}})[""]
        )


class TestLines:
    def test_numbers_without_a_line_take_the_free_ports_in_order(self) -> None:
        config = parse_telephony(
            {
                "gateways": {
                    "g": {
                        "dids": [
                            {"number": "+525555123401"},
                            {"number": "+525555123402", "line": 1},
                            {"number": "+525555123403"},
                        ]
                    }
                }
            }
        )
        lines = config.gateways["g"].lines()
        assert {port: did.number[-1] for port, did in lines.items()} == {1: "2", 2: "1", 3: "3"}


class TestFiles:
    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_every_example_loads_and_says_the_same_as_json(self, path: Path, tmp_path: Path) -> None:
        config = load_telephony(path)
        again = tmp_path / "telephony.json"
        again.write_text(config.model_dump_json(), encoding="utf-8")
        assert load_telephony(again).model_dump() == config.model_dump()

    def test_there_are_examples(self) -> None:
        assert len(EXAMPLES) >= 5

    @pytest.mark.parametrize(("text", "reason"), [("[", "not valid TOML"), ("\xff", "not valid TOML")])
    def test_a_broken_file_is_said_to_be_broken(self, tmp_path: Path, text: str, reason: str) -> None:
        path = tmp_path / "telephony.toml"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(Misconfigured, match=reason):
            load_telephony(path)

    def test_a_missing_file_is_said_to_be_missing(self, tmp_path: Path) -> None:
        with pytest.raises(Misconfigured, match="no such file"):
            load_telephony(tmp_path / "telephony.json")


def test_the_published_schema_is_the_present_one() -> None:
    published = json.loads((ROOT / "docs" / "telephony.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "run: centralita telephony schema > docs/telephony.schema.json"


def test_every_field_of_the_schema_says_what_it_is() -> None:
    schema = json_schema()
    tables = {schema["title"]: schema, **schema["$defs"]}
    assert schema["title"] == TelephonyReceptionConfig.__name__
    silent = [f"{name}.{key}" for name, table in tables.items() for key, field in table.get("properties", {}).items()
              if not field.get("description")]  # fmt: skip
    assert silent == []
