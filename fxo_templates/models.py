"""The models we know: what they have, how they ask for their file, what nobody has checked on them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fxo_templates.model import ModelInfo, Transport

_PLAIN: Final[tuple[Transport, ...]] = ("udp", "tcp")
_ANY: Final[tuple[Transport, ...]] = ("udp", "tcp", "tls")

_GXW: Final = "FusionPBX, provision/grandstream/gxw410x, firmware 1.3.4.13"
_HT_ASKS: Final = "asks for cfg<mac>.xml at the config server path (P237, P212) or at DHCP option 66"
_NO_FILE: Final = "no file is made: follow the checklist"


def _grandstream_gxw(name: str, ports: int) -> ModelInfo:
    asks = "asks for cfg<mac>.xml at the config server path (P237; P212: 0 TFTP, 1 HTTP) or at DHCP option 66 (P145)"
    return ModelInfo(
        "Grandstream", name, (ports,), "xml", asks, ("P3030", "P3202", "P3607 with +"), _GXW, _PLAIN, srtp=False
    )


def _audiocodes(name: str, ports: tuple[int, ...]) -> ModelInfo:
    return ModelInfo(
        "AudioCodes",
        name,
        ports,
        "ini",
        "DHCP options 66/67, IniFileURL, BootP",
        ("SIPTRANSPORTTYPE", "SECURECALLSFROMIP", "ProxyIp", "PREFIX", "TargetOfChannel", "Authentication"),
        "AudioCodes MP-11x & MP-124 User's Manual (LTRT-65412, LTRT-65422)",
    )


def _smartnode(name: str, source: str, unverified: tuple[str, ...]) -> ModelInfo:
    asks = "asks for <mac>.cfg at DHCP option 66 ($(dhcp.66)/$(system.mac).cfg); NOTIFY check-sync"
    return ModelInfo("Patton", name, (2, 4, 8), "text", asks, unverified, source)


def _obi(name: str, srtp: bool) -> ModelInfo:
    return ModelInfo(
        "Obihai",
        name,
        (1,),
        "xml",
        "asks for ConfigURL, DHCP option 66 or 160",
        ("the place of every parameter in the XML tree",),
        "OBi Device Administration Guide (names on the web pages)",
        srtp=srtp,
    )


def _by_hand(vendor: str, name: str, ports: tuple[int, ...], source: str, asks: str = _NO_FILE) -> ModelInfo:
    return ModelInfo(vendor, name, ports, "checklist", asks, ("names of pages and fields",), source)


_OTHER: Final = _by_hand("Any", "Another gateway with FXO ports", (48,), "the fields every FXO gateway has")

MODELS: Final[Mapping[str, ModelInfo]] = MappingProxyType(
    {
        "gxw4104": _grandstream_gxw("GXW4104", 4),
        "gxw4108": _grandstream_gxw("GXW4108", 8),
        "ht813": ModelInfo(
            "Grandstream",
            "HT813",
            (1,),
            "xml",
            _HT_ASKS,
            ("all but the account's P-values: taken from the HT503",),
            "FusionPBX, provision/grandstream/ht813 and ht503; Futur-Tech, Grandstream-HT813 field notes",
        ),
        "ht503": ModelInfo(
            "Grandstream", "HT503", (1,), "xml", _HT_ASKS, ("P248", "P283"), "FusionPBX, provision/grandstream/ht503"
        ),
        "spa3102": ModelInfo(
            "Cisco",
            "SPA3102",
            (1,),
            "xml",
            "asks for /spa3102.cfg or /init.cfg first, then for Profile_Rule ($MA.xml)",
            ("SIP_Transport_2_", "Caller_ID_Method", "Disconnect_Tone_2_", "PSTN_Answer_Delay_2_"),
            "Cisco Small Business ATA Administration Guide; FusionPBX, provision/linksys/spa3102",
            _ANY,
            srtp=False,
        ),
        "mp114": _audiocodes("MP-114 FXO", (2, 4)),
        "mp118": _audiocodes("MP-118 FXO", (4, 8)),
        "smartnode-trinity": _smartnode(
            "SmartNode with Trinity",
            "NethVoice, gateway templates Patton/TRI_FXO_2, _4, _8",
            ("administrator", "ring-number", "dtmf-relay", "caller-id standard other than fsk-etsi"),
        ),
        "smartnode-smartware": _smartnode(
            "SmartNode 411x with SmartWare R6",
            "Patton, SmartWare Software Configuration Guide R6, FXO interface configuration",
            ("administrator", "ring-number", "location-service", "context sip-gateway", "caller-id standard"),
        ),
        "obi110": _obi("OBi110", srtp=False),
        "obi212": _obi("OBi212", srtp=True),
        "mediatrix-c7": ModelInfo(
            "Media5",
            "Mediatrix C7 with FXO ports",
            (2, 4, 8),
            "script",
            "DHCP options 66/67, Conf.ScriptsConfigUrl",
            ("everything outside Pots.",),
            "MX-POTS-MIB; Media5 DGW documentation, POTS configuration",
        ),
        "spa8800": _by_hand("Cisco", "SPA8800", (4,), "Cisco Small Business ATA Administration Guide"),
        "spa232d": _by_hand("Cisco", "SPA232D", (1,), "Cisco Small Business ATA Administration Guide"),
        "yeastar-ta410": _by_hand("Yeastar", "TA410", (4,), "Yeastar TA410 user manual"),
        "yeastar-ta810": _by_hand("Yeastar", "TA810", (8,), "Yeastar TA810 user manual"),
        "dinstar": _by_hand("Dinstar", "DAG with FXO ports", (4, 8, 16, 32), "field knowledge"),
        "sangoma-vega": _by_hand("Sangoma", "Vega 50/60 with FXO ports", (2, 4, 8, 24), "field knowledge"),
        "other": _OTHER,
        "generic": _OTHER,
    }
)

FXS_ONLY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ht801": "ht813",
        "ht802": "ht813",
        "ht812": "ht813",
        "ht814": "gxw4104",
        "ht818": "gxw4108",
        "ata190": "spa3102",
        "ata191": "spa3102",
        "ata192": "spa3102",
        "obi508": "obi212",
        "yeastar-ta200": "yeastar-ta410",
        "yeastar-ta400": "yeastar-ta410",
        "yeastar-ta800": "yeastar-ta810",
    }
)
"""Models that only have sockets for telephones (FXS), and which relative takes telephone lines (FXO)."""
