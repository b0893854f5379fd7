"""Offices that the golden files show, and the secrets they are rendered with."""

from typing import Any, Final

from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.rendering import PbxFacts

CERTIFICATE: Final = {"certificate": "/etc/asterisk/keys/pbx.pem", "private_key": "/etc/asterisk/keys/pbx.key"}

CASES: Final[dict[str, dict[str, Any]]] = {
    "mx_gxw4104": {
        "method": "fxo_gateway",
        "fxo_gateway": {
            "ip": "192.168.1.50",
            "model": "grandstream-gxw4104",
            "dids": [
                {"number": "+525512345678", "label": "Línea principal", "recording_notice": "custom/aviso"},
                {"number": "+525512345679", "agent": "ventas", "fallback": {"kind": "voicemail", "target": "200"}},
                {"number": "+525512345670", "active": False},
            ],
        },
        "site": {
            "country": "MX",
            "fallback": {"kind": "extension", "target": "200"},
            "network": {"lan_address": "192.168.1.10", "local_networks": ["192.168.1.0/24"]},
        },
    },
    "es_ht813": {
        "gateways": {
            "tienda": {
                "ip": "192.168.1.60",
                "sip_port": 5062,
                "attach": "ip",
                "fxo_ports": 1,
                "codec": "alaw",
                "caller_id": "pai",
                "dids": [{"number": "+34911223344"}],
            }
        },
        "site": {"country": "ES", "fallback": {"kind": "announcement", "prompt": "custom/llame-manana"}},
    },
    "telnyx_udp": {
        "carriers": {
            "telnyx": {
                "host": "sip.telnyx.com",
                "user": "cuenta1",
                "password": "file:telnyx",
                "signalling": ["192.76.120.10", "64.16.250.10"],
                "outbound_caller_id": "+525555555555",
                "channels": 10,
                "dids": [{"number": "+525555555555"}],
            }
        },
        "site": {
            "country": "MX",
            "fallback": {"kind": "external", "number": "+525587654321", "ring_seconds": 30},
            "outbound": {"countries": ["MX", "ES"], "numbers": ["+12015550123"]},
            "transfers": {"dueno": {"place": {"kind": "external", "number": "+34611223344"}, "trunk": "telnyx"}},
            "emergency_trunk": "telnyx",
        },
    },
    "telnyx_tls": {
        "carriers": {
            "telnyx": {
                "host": "sip.telnyx.com",
                "user": "cuenta1",
                "password": "file:telnyx",
                "transport": "tls",
                "srtp": True,
                "outbound_proxy": "proxy.example.com",
                "dids": [{"number": "+12015550123"}],
            }
        },
        "site": {
            "country": "US",
            "fallback": {"kind": "queue", "target": "400"},
            "network": {**CERTIFICATE, "external_address": "192.0.2.10", "local_networks": ["10.0.0.0/8"]},
        },
    },
    "twilio_ip_auth": {
        "carriers": {
            "twilio": {
                "host": "oficina.pstn.twilio.com",
                "auth_type": "ip_auth",
                "user": "cuenta2",
                "password": "file:twilio",
                "signalling": ["54.172.60.0/30", "54.244.51.0/30"],
                "outbound_caller_id": "+34911223344",
                "dids": [{"number": "+34911223344"}],
            }
        },
        "site": {
            "country": "ES",
            "fallback": {"kind": "extension", "target": "200"},
            "outbound": {"countries": ["ES"]},
            "manager": {"enabled": True},
        },
    },
    "freepbx": {
        "gateways": {"oficina": {"ip": "192.168.1.50", "outbound": True, "dids": [{"number": "+525512345678"}]}},
        "site": {
            "pbx": "freepbx",
            "country": "MX",
            "fallback": {"kind": "ring_group", "target": "600"},
            "network": {"lan_address": "192.168.1.10", "transports": {"udp": "0.0.0.0-udp"}},
            "transfers": {
                "cola": {"place": {"kind": "queue", "target": "400"}},
                "gerente": {"place": {"kind": "extension", "target": "201"}},
                "recado": {"place": {"kind": "voicemail", "target": "201"}},
            },
            "manager": {"enabled": True},
        },
    },
}

FACTS: Final = PbxFacts()


def office(name: str) -> TelephonyReceptionConfig:
    """One of the cases, typed."""
    return parse_telephony(CASES[name])


def secrets_of(config: TelephonyReceptionConfig) -> dict[str, str]:
    """Passwords as `gathered` would give them, each its own."""
    trunks = [*config.all_gateways(), *config.all_carriers()]
    return {"ari": "ari-secret", "manager": "manager-secret", **{f"sip-{name}": f"{name}-secret" for name in trunks}}
