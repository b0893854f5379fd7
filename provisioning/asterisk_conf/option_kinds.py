"""What kind of value each option of pjsip.conf takes, where Asterisk's documentation does not say it.

Asterisk's XML documentation gives names, defaults, and words of enumerations, but no types. What follows from those
is inferred (`kind_of`); the rest stands in `MEASURED`, found by giving a real Asterisk 22.10 the words `banana`, `7`,
`-3`, `99999999999999`, `yes` and `1.5` for every option and seeing which objects it refused, and which options
`pjsip show` prints as true/false (2026-11-21; `tests/asterisk/test_conf_checks.py` does it again).
"""

import re
from typing import Final, Literal, get_args

Kind = Literal["bool", "int", "signed", "number", "enum", "list", "string", "uri", "codecs", "net", "tos", "pair"]
"""int: not negative; list: comma-separated words; net: addresses or networks; pair: `name=value`."""

KINDS: Final[dict[str, Kind]] = {kind: kind for kind in get_args(Kind)}
"""Every kind by its name."""

MEASURED: Final[dict[str, Kind]] = {
    # bools without a documented default; a word that is neither yes nor no is silently taken for no
    "endpoint/trust_connected_line": "bool",
    "endpoint/send_connected_line": "bool",
    "endpoint/rewrite_contact": "bool",
    "endpoint/mwi_subscribe_replaces_unsolicited": "bool",
    "endpoint/srtp_tag_32": "bool",
    "endpoint/follow_early_media_fork": "bool",
    "endpoint/bind_rtp_to_media_address": "bool",
    "aor/qualify_2xx_only": "bool",
    "aor/authenticate_qualify": "bool",
    "aor/support_path": "bool",
    "global/ignore_uri_user_options": "bool",
    "registration/line": "bool",
    "registration/support_path": "bool",
    "registration/support_outbound": "bool",
    "registration/auth_rejection_permanent": "bool",
    "identify/srv_lookups": "bool",
    # numbers without a documented default
    "endpoint/fax_detect_timeout": "int",
    "endpoint/rtp_keepalive": "int",
    "endpoint/cos_audio": "int",
    "endpoint/cos_video": "int",
    "endpoint/dtls_rekey": "signed",
    "transport/cos": "int",
    "transport/tcp_keepalive_idle_time": "signed",
    "transport/tcp_keepalive_interval_time": "signed",
    "transport/tcp_keepalive_probe_count": "signed",
    "resource_list/notification_batch_interval": "int",
    "endpoint/tos_audio": "tos",
    "endpoint/tos_video": "tos",
    "transport/tos": "tos",
    # networks
    "identify/match": "list",  # host names too
    "acl/permit": "net",
    "acl/deny": "net",
    "acl/contact_permit": "net",
    "acl/contact_deny": "net",
    "endpoint/permit": "net",
    "endpoint/deny": "net",
    "endpoint/contact_permit": "net",
    "endpoint/contact_deny": "net",
    "transport/local_net": "net",
    # SIP addresses; those of endpoints and aors are taken at load and fail at the first call
    "registration/server_uri": "uri",
    "registration/client_uri": "uri",
    "registration/outbound_proxy": "uri",
    "outbound-publish/server_uri": "uri",
    "outbound-publish/from_uri": "uri",
    "outbound-publish/to_uri": "uri",
    "outbound-publish/outbound_proxy": "uri",
    "endpoint/outbound_proxy": "uri",
    "aor/outbound_proxy": "uri",
    "aor/contact": "uri",
    # words that look like another kind
    "endpoint/allow": "codecs",
    "endpoint/disallow": "codecs",
    "endpoint/identify_by": "list",
    "endpoint/aors": "list",
    "endpoint/auth": "list",
    "endpoint/outbound_auth": "list",
    "registration/outbound_auth": "list",
    "endpoint/set_var": "pair",
    "endpoint/codec_prefs_incoming_offer": "string",
    "endpoint/codec_prefs_outgoing_offer": "string",
    "endpoint/codec_prefs_incoming_answer": "string",
    "endpoint/codec_prefs_outgoing_answer": "string",
    "endpoint/stir_shaken": "string",
    "endpoint/incoming_mwi_mailbox": "string",
    "auth/password_digest": "string",
    "auth/supported_algorithms_uac": "list",
    "auth/supported_algorithms_uas": "list",
    "global/default_auth_algorithms_uac": "list",
    "global/default_auth_algorithms_uas": "list",
    "global/endpoint_identifier_order": "list",
    "global/debug": "string",  # yes, no, or a host
    "endpoint/security_negotiation": "enum",
    "resource_list/event": "string",  # the documented words are examples
}
"""`type/option` → kind."""

WORDS: Final[dict[str, tuple[str, ...]]] = {
    # module names may add to it; these are the identifiers of Asterisk 22 (config_global.c, res_pjsip.c)
    "global/endpoint_identifier_order": ("ip", "username", "anonymous", "header", "auth_username", "request_uri"),
}
"""`type/option` → the words it takes, where the documentation lists none."""

_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")


def kind_of(object_type: str, option: str, default: str | None, words: tuple[str, ...]) -> Kind:
    """Return the kind of an option, from the table above or from its default and its enumerated words."""
    measured = MEASURED.get(f"{object_type}/{option}")
    if measured:
        return measured
    if words and all(_WORD.fullmatch(word) for word in words):
        return "enum"
    if default in ("yes", "no", "true", "false"):
        return "bool"
    if default and re.fullmatch(r"\d+", default):
        return "int"
    if default and re.fullmatch(r"-\d+", default):
        return "signed"
    if default and re.fullmatch(r"\d+\.\d+", default):
        return "number"
    return "string"
