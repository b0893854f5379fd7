"""One test for each trap that made a gateway of the field deaf, mute or open to everybody."""

from dataclasses import replace

import pytest

from fxo_templates.country import CallerId, CallerIdType, Impedance, LineImpedance, Ring, Tone
from fxo_templates.device import Device, HangUpSignals, Line, country_profile, produce
from fxo_templates.emitters import audiocodes, gxw410x, ht813, mediatrix
from fxo_templates.emitters.emitted import answer_delay_ms
from fxo_templates.emitters.spa3102 import disconnect_tone
from tests.unit.fxo_templates.sample_device import assignments, device, parameters, text
from vocabulary.errors import ConfigurationError

ES = country_profile("ES")
MX = country_profile("MX")


def test_a_quarter_of_a_second_is_25_on_the_gxw_and_250_on_the_ht() -> None:
    assert parameters(device("gxw4104"))["P3002"] == "ch1-4:f1=425@-11,f2=0@-11,c=25/25;"
    assert parameters(device("ht813"))["P841"] == "f1=425@-24,f2=0@-24,c=250/250;"


def test_the_tones_of_the_gxw_follow_the_country_and_not_the_factory() -> None:
    us = parameters(device("gxw4108", "US"))
    assert us["P3000"] == "ch1-8:f1=350@-11,f2=440@-11,c=0/0;"
    assert us["P3001"] == "ch1-8:f1=440@-11,f2=480@-11,c=200/400;"
    assert us["P3002"] == "ch1-8:f1=480@-11,f2=620@-11,c=50/50;"
    assert us["P3003"] == "ch1-8:f1=480@-11,f2=620@-11,c=25/25;"
    assert parameters(device("gxw4104", "ES"))["P3003"] == "ch1-4:f1=425@-11,f2=0@-11,c=20/20-20/20-20/60;"


@pytest.mark.parametrize("kind", sorted(gxw410x.CALLER_ID))
def test_caller_id_schemes_begin_with_1_on_the_gxw_and_with_0_on_the_ht(kind: CallerIdType) -> None:
    country = replace(MX, caller_id=CallerId(kind, "test"))
    gxw, ht = parameters(device("gxw4104", country))["P3600"], parameters(device("ht503", country))["P863"]
    assert gxw == f"ch1-4:{int(ht) + 1};"


@pytest.mark.parametrize(
    ("iso", "gxw", "ht", "ini", "mediatrix_kind"),
    [
        ("MX", "1", "0", "0", "100"),
        ("ES", "2", "1", "1", "300"),
        ("AR", "8", "7", "16", "200"),
        ("US", "1", "0", "0", "100"),
    ],
)
def test_each_country_has_its_caller_id_on_each_vendor(
    iso: str, gxw: str, ht: str, ini: str, mediatrix_kind: str
) -> None:
    assert parameters(device("gxw4104", iso))["P3600"] == f"ch1-4:{gxw};"
    assert parameters(device("ht813", iso))["P863"] == ht
    assert assignments(device("mp118", iso))["CALLERIDTYPE"] == ini
    assert assignments(device("mediatrix-c7", iso))["Pots.CallerIdCustomization"] == mediatrix_kind


def test_brazil_has_a_scheme_of_its_own_only_where_the_firmware_knows_one() -> None:
    assert parameters(device("ht813", "BR"))["P863"] == "14"
    assert parameters(device("ht503", "BR"))["P863"] == "7"
    assert parameters(device("gxw4104", "BR"))["P3600"] == "ch1-4:8;"
    assert assignments(device("mp118", "BR"))["CALLERIDTYPE"] == "19"


def test_caller_id_before_the_first_ring_is_told_to_the_audiocodes() -> None:
    assert assignments(device("mp118", "MX"))["RINGSBEFORECALLERID"] == "1"
    assert assignments(device("mp118", "AR"))["RINGSBEFORECALLERID"] == "0"


def test_every_caller_id_type_has_a_code_on_every_vendor() -> None:
    for codes in (gxw410x.CALLER_ID, ht813.CALLER_ID, audiocodes.CALLER_ID, mediatrix.CALLER_ID):
        assert set(codes) == set(gxw410x.CALLER_ID)


def test_the_caller_id_header_has_other_numbers_on_gxw_and_ht() -> None:
    assert parameters(device("gxw4104"))["P3601"] == "ch1-4:1;"
    assert parameters(device("gxw4104", caller_id_header="pai"))["P3601"] == "ch1-4:4;"
    assert parameters(device("ht813"))["P839"] == "0"
    assert parameters(device("ht813", caller_id_header="pai"))["P839"] == "1"


def test_transport_and_srtp_are_numbered_otherwise_on_gxw_and_ht() -> None:
    gxw = parameters(device("gxw4104", transport="tcp"))
    assert (gxw["P130"], gxw["P3409"]) == ("2", "ch1-4:1;")
    ht = parameters(device("ht813", transport="tls", srtp=True))
    assert (ht["P830"], ht["P443"]) == ("2", "2")
    assert parameters(device("ht813"))["P443"] == "0"


def test_the_gxw_has_no_tls_and_says_so() -> None:
    with pytest.raises(ConfigurationError, match=r"^transport: GXW4104 speaks udp and tcp only, not tls"):
        produce(device("gxw4104", transport="tls"))


@pytest.mark.parametrize(
    ("impedance", "gxw", "ht", "spa", "dgw"),
    [
        ("600", "0", "30", "600", "100"),
        ("900", "1", "32", "900", "300"),
        ("270+750||150nF", "2", "35", "270+750||150nF", "2200"),
        ("220+820||120nF", "3", "34", "220+820||120nF", "1300"),
    ],
)
def test_one_impedance_is_written_in_four_ways(impedance: Impedance, gxw: str, ht: str, spa: str, dgw: str) -> None:
    country = replace(MX, impedance=LineImpedance(impedance, "test"))
    assert parameters(device("gxw4104", country))["P3631"] == f"ch1-4:{gxw};"
    ht_values = parameters(device("ht813", country))
    assert (ht_values["P899"], ht_values["P849"]) == ("1", ht)
    assert parameters(device("spa3102", country))["FXO_Port_Impedance_2_"] == spa
    assert assignments(device("mediatrix-c7", country))["Pots.FxoCustomBasicParameters[Id=Slot1/FXO1].Impedance"] == dgw


def test_spain_is_tbr21_for_the_audiocodes_and_mexico_is_not() -> None:
    assert assignments(device("mp118", "ES"))["COUNTRYCOEFFICIENTS"] == "66"
    assert assignments(device("mp118", "MX"))["COUNTRYCOEFFICIENTS"] == "70"


def test_the_spa_hears_a_single_frequency_only_when_it_is_named_twice() -> None:
    assert parameters(device("spa3102"))["Disconnect_Tone_2_"] == "425@-30,425@-30;4(0.25/0.25/1+2)"
    assert parameters(device("spa3102", "US"))["Disconnect_Tone_2_"] == "480@-30,620@-30;4(0.5/0.5/1+2)"


def test_a_tone_of_three_parts_is_one_set_of_segments_on_the_spa() -> None:
    three = "425@-30,425@-30;10(0.2/0.2/1+2,0.2/0.2/1+2,0.2/0.6/1+2)"
    assert disconnect_tone(ES.congestion) == three


def test_the_gateway_waits_for_the_second_ring_when_the_number_comes_between_the_rings() -> None:
    assert parameters(device("gxw4104", "MX"))["P3599"] == "ch1-4:2;"
    assert parameters(device("ht813", "ES"))["P798"] == "2"


def test_the_gateway_answers_at_the_first_ring_when_the_number_comes_before_it() -> None:
    assert parameters(device("gxw4104", "AR"))["P3599"] == "ch1-4:1;"
    assert parameters(device("ht813", "BR"))["P798"] == "1"


def test_too_few_rings_for_the_caller_id_are_written_but_warned_of() -> None:
    hasty = device("gxw4104", "MX", rings=1)
    assert parameters(hasty)["P3599"] == "ch1-4:1;"
    assert "rings-too-few" in {note.code for note in produce(hasty).notes}
    assert "rings-too-few" not in {note.code for note in produce(device("gxw4104", "AR", rings=1)).notes}


def test_devices_that_count_time_wait_for_the_caller_id_and_not_the_16_seconds_of_the_factory() -> None:
    assert parameters(device("spa3102", "MX"))["PSTN_Answer_Delay_2_"] == "4"
    assert parameters(device("spa3102", "AR"))["PSTN_Answer_Delay_2_"] == "1"
    assert answer_delay_ms(device("spa3102", "MX", rings=3)) == 4000 + 6000
    waiting = assignments(device("mediatrix-c7", "MX"))
    assert waiting["Pots.FxoAnsweringDelay[Id=Slot1/FXO1].WaitBeforeAnsweringDelay"] == "4000"


@pytest.mark.parametrize(("gap_ms", "seconds"), [(1000, 6), (4000, 6), (4650, 6), (5000, 7), (9000, 10)])
def test_the_ring_timeout_outlasts_the_gap_between_two_rings(gap_ms: int, seconds: int) -> None:
    country = replace(MX, ring=Ring(((1000, gap_ms),), "test"))
    assert parameters(device("gxw4104", country))["P3630"] == f"ch1-4:{seconds};"
    assert int(assignments(device("mp118", country))["FXORINGTIMEOUT"]) * 100 > gap_ms


@pytest.mark.parametrize("model", ["ht813", "ht503"])
def test_nothing_forwards_voip_calls_to_the_line_and_nobody_is_asked_for_a_pin(model: str) -> None:
    values = parameters(device(model))
    assert (values["P795"], values["P796"]) == ("", "")


def test_calls_are_taken_from_our_pbx_only() -> None:
    assert parameters(device("gxw4104"))["P743"] == "101"
    assert parameters(device("ht813"))["P743"] == "1"
    spa = parameters(device("spa3102"))
    assert spa["Restrict_Source_IP_2_"] == "yes"
    assert spa["VoIP_Caller_Auth_Method_2_"] == "HTTP Digest"
    assert spa["VoIP_Access_List_2_"] == "192.168.1.10"
    assert parameters(device("obi110"))["VoiceService.1.VoiceProfile.1.SIP.X_AccessList"] == "192.168.1.10"
    assert assignments(device("mp118"))["SECURECALLSFROMIP"] == "1"
    assert assignments(device("mediatrix-c7"))["SipEp.InteropAllowOnlyProxyCalls"] == "1"


@pytest.mark.parametrize("model", ["smartnode-trinity", "smartnode-smartware"])
def test_no_route_leads_from_sip_to_a_line_of_the_smartnode(model: str) -> None:
    routes = [line.split()[-1] for line in text(device(model, lines=2)).splitlines() if "route call" in line]
    assert routes == ["IF_VOIP_0", "IF_VOIP_1"]


@pytest.mark.parametrize("model", ["gxw4104", "ht813", "ht503"])
def test_the_factory_passwords_of_administrator_and_user_are_replaced(model: str) -> None:
    values = parameters(device(model))
    assert (values["P2"], values["P196"]) == ("Admin999", "Admin999")


def test_digits_travel_as_rfc_2833_and_never_in_the_sound() -> None:
    gxw = parameters(device("gxw4104"))
    assert (gxw["P3404"], gxw["P79"]) == ("ch1-4:2;", "101")
    ht = parameters(device("ht813"))
    assert [ht[key] for key in ("P860", "P861", "P862", "P779")] == ["101"] * 4
    assert parameters(device("spa3102"))["DTMF_Tx_Method_2_"] == "AVT"
    assert assignments(device("mp118"))["TxDtmfOption 0"] == "4;"


@pytest.mark.parametrize("model", ["gxw4104", "ht813"])
def test_the_second_stage_that_plays_a_dial_tone_to_the_caller_is_off(model: str) -> None:
    values = parameters(device(model))
    each = "{}" if model == "ht813" else "ch1-4:{};"
    assert values["P3304"] == each.format("1")
    assert values["P3303"] == each.format("0" if model == "ht813" else "N")


def test_tone_disconnect_is_off_in_the_factory_and_on_here() -> None:
    assert parameters(device("gxw4104"))["P3605"] == "ch1-4:Y;"
    assert parameters(device("ht813"))["P712"] == "1"
    deaf = HangUpSignals(busy_tone=False, current_disconnect=False)
    assert parameters(device("gxw4104", hang_up=deaf))["P3605"] == "ch1-4:N;"
    assert "no-hang-up-signal" in {note.code for note in produce(device("gxw4104", hang_up=deaf)).notes}


def test_silence_is_no_hang_up_unless_asked_for() -> None:
    assert parameters(device("gxw4104"))["P3202"] == "ch1-4:3600;"
    asked = HangUpSignals(silence_seconds=120)
    assert parameters(device("gxw4104", hang_up=asked))["P3202"] == "ch1-4:120;"
    assert assignments(device("mp118"))["ENABLESILENCEDISCONNECT"] == "0"


def test_silence_suppression_is_off_and_the_echo_canceller_on_even_where_the_switch_says_disable() -> None:
    gxw = parameters(device("gxw4104"))
    assert (gxw["P3402"], gxw["P3403"]) == ("ch1-4:N;", "ch1-4:Y;")
    ht = parameters(device("ht813"))
    assert (ht["P750"], ht["P825"]) == ("0", "0")


def test_fax_is_one_on_the_gxw_and_zero_on_the_ht() -> None:
    assert parameters(device("gxw4104", fax=True))["P3602"] == "ch1-4:mode=1,rate=9600,ecm=1;"
    assert parameters(device("gxw4104"))["P3602"] == "ch1-4:mode=2,rate=9600,ecm=1;"
    assert parameters(device("ht813", fax=True))["P710"] == "0"
    assert parameters(device("ht813"))["P710"] == "1"


def test_gains_are_decibels_on_the_gxw_and_codes_on_the_ht() -> None:
    gxw = parameters(device("gxw4104", gain_to_line_db=4, gain_from_line_db=-2))
    assert (gxw["P3400"], gxw["P3401"]) == ("ch1-4:4;", "ch1-4:-2;")
    ht = parameters(device("ht503", gain_to_line_db=4, gain_from_line_db=-2))
    assert (ht["P248"], ht["P283"]) == ("2", "4")
    with pytest.raises(ConfigurationError, match=r"^gain_to_line_db: this device knows -6, -4"):
        produce(device("ht503", gain_to_line_db=3))


def test_codecs_are_offered_in_the_asked_order_and_nothing_else() -> None:
    places = ("P57", "P58", "P59", "P60", "P61", "P62", "P46", "P98")
    values = parameters(device("gxw4104", codecs=("alaw", "g729")))
    assert [values[place] for place in places] == ["8", "18", "8", "8", "8", "8", "8", "8"]


def test_the_telephone_socket_of_a_mixed_device_stays_silent() -> None:
    assert parameters(device("ht813"))["P842"] == "0"
    assert parameters(device("spa3102"))["PSTN_Ring_Thru_Line_1_2_"] == "no"


def test_the_line_is_not_seized_before_our_pbx_answers() -> None:
    assert parameters(device("spa3102"))["Off_Hook_While_Calling_VoIP_2_"] == "No"


def test_a_learned_tone_is_what_every_device_listens_for() -> None:
    country = replace(ES, hang_up=Tone((440,), ((330, 670),), "recorded", "learned"))
    gxw = parameters(device("gxw4104", country))
    assert gxw["P3002"] == gxw["P3003"] == "ch1-4:f1=440@-11,f2=0@-11,c=33/67;"
    assert "f1=440@-24,f2=0@-24,c=330/670;" in parameters(device("ht813", country))["P841"]
    assert parameters(device("spa3102", country))["Disconnect_Tone_2_"] == "440@-30,440@-30;4(0.33/0.67/1+2)"
    assert "play 1 330 440 -7\n  pause 2 670" in text(device("smartnode-trinity", country))
    assert assignments(device("mediatrix-c7", country))["Pots.FxoFeocToneCustomFrequency"] == "440"
    assert (
        parameters(device("obi110", country))["VoiceService.1.X_FXO.1.DisconnectTonePattern"] == "440-24;4(0.33+0.67)"
    )


def test_the_ht_takes_three_parts_of_a_tone_and_refuses_a_fourth() -> None:
    long = replace(ES, hang_up=Tone((425,), ((200, 200),) * 4, "recorded", "learned"))
    with pytest.raises(ConfigurationError, match="P841"):
        produce(device("ht813", long))


def test_polarity_reversal_has_another_name_in_each_patton_system() -> None:
    reversal = HangUpSignals(polarity_reversal=True)
    assert "\n  disconnect-signal polarity-reversal\n" in text(device("smartnode-trinity", hang_up=reversal))
    assert "\n    disconnect-signal battery-reversal\n" in text(device("smartnode-smartware", hang_up=reversal))


def test_ports_are_counted_from_zero_inside_the_smartnode_and_the_audiocodes() -> None:
    third = replace(device("smartnode-trinity"), lines=(Line(3, "+34912345678"),))
    assert "port fxo 0 2\n  subscriber-number 34912345678\n" in text(third)
    rows = assignments(replace(third, model="mp118"))
    assert rows["TargetOfChannel 2"] == "34912345678, 1;"
    assert rows["TargetOfChannel 0"] == ", 0;"


def test_lines_that_share_an_account_register_it_once() -> None:
    shared = text(device("smartnode-trinity", lines=4))
    assert shared.count("registration outbound") == 1
    gxw = parameters(device("gxw4104", lines=4))
    assert [gxw[f"P{3060 + place}"] for place in range(4)] == ["gw-oficina", "", "", ""]
    assert gxw["P3030"] == "1,2,3,4"


def test_a_line_with_its_own_account_uses_it() -> None:
    own = (Line(1, "+525512345671", "linea1", "Uno11111"), Line(2, "+525512345672", "linea2", "Dos22222"))
    gxw = parameters(replace(device("gxw4104"), lines=own))
    assert [(gxw[f"P{3060 + n}"], gxw[f"P{3120 + n}"], gxw[f"P{3030 + n}"]) for n in (0, 1)] == [
        ("linea1", "Uno11111", "1"),
        ("linea2", "Dos22222", "2"),
    ]
    assert text(replace(device("smartnode-trinity"), lines=own)).count("registration outbound") == 2


def test_a_gateway_known_by_its_address_does_not_register() -> None:
    def by_address(model: str) -> Device:
        return device(model, registers=False, user="", password="")

    assert parameters(by_address("gxw4104"))["P31"] == "0"
    ht = parameters(by_address("ht813"))
    assert (ht["P731"], ht["P813"]) == ("0", "1")
    spa = parameters(by_address("spa3102"))
    assert (spa["Register_2_"], spa["Ans_Call_Without_Reg_2_"]) == ("no", "yes")
    assert "registration outbound" not in text(by_address("smartnode-trinity"))


def test_the_next_configuration_is_fetched_from_our_server_and_from_nowhere_else() -> None:
    url = "http://192.168.1.10:8088/prov/a1b2c3/"
    gxw = parameters(device("gxw4104", provisioning_url=url))
    assert (gxw["P212"], gxw["P237"], gxw["P145"]) == ("1", "192.168.1.10:8088/prov/a1b2c3", "0")
    assert parameters(device("ht813", provisioning_url=url.replace("http", "https")))["P212"] == "2"
    assert parameters(device("spa3102", provisioning_url=url))["Profile_Rule"].endswith("/a1b2c3/$MA.xml")
    assert parameters(device("gxw4104"))["P237"] == ""
    with pytest.raises(ConfigurationError, match="provisioning_url"):
        produce(device("gxw4104", provisioning_url=url.replace("http", "https")))
