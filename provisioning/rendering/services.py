"""The small files: our user of ARI and of the manager interface; in standalone also HTTP, RTP and the security log.

A `[general]` of our own where the host has one already is ignored, or worse: see `PbxFacts.host_sections`.
"""

from collections.abc import Mapping

from provisioning.model import TelephonyReceptionConfig
from provisioning.model.secrets import ARI, MANAGER
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.secret_lookup import secret_of
from provisioning.rendering.writing import Pair, joined, line, section

SECURITY_LOG = "centralita-security.log"
"""Below Asterisk's log folder: what fail2ban reads, and nothing else in it."""
_HTTP_SESSIONS = 1000
"""One for each request under way; Asterisk's 100 are too few for a hundred calls."""
_LOOPBACK: list[Pair] = [
    ("deny", "0.0.0.0/0.0.0.0"),
    ("deny", "::/0"),
    ("permit", "127.0.0.1/255.255.255.255"),
    ("permit", "::1/128"),
]


def ari_conf(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> str:
    """Return our user of ARI. Raises: ConfigurationError for a password that is missing or must not be written."""
    ari = config.site.ari
    parts = []
    if config.site.pbx == "standalone":
        parts.append(section("general", [("enabled", "yes")], adds=facts.has_section("ari.conf", "general")))
    pairs: list[Pair] = [
        ("type", "user"),
        ("read_only", "no"),
        ("password", secret_of(secrets, ARI)),
        ("password_format", "plain"),
    ]
    if facts.asterisk_major >= 20 and _is_loopback(ari.bind) and config.site.pbx == "standalone":
        pairs += _LOOPBACK
    return joined([*parts, section(ari.user, pairs)])


def manager_conf(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> str:
    """Return our user of the manager interface: it may look, and change nothing. Raises: ConfigurationError."""
    manager = config.site.manager
    parts = []
    if config.site.pbx == "standalone":
        pairs = [("enabled", "yes"), ("bindaddr", manager.bind), ("port", str(manager.port)), ("webenabled", "no")]
        parts.append(section("general", pairs, adds=facts.has_section("manager.conf", "general")))
    user: list[Pair] = [
        ("secret", secret_of(secrets, MANAGER)),
        *(_LOOPBACK if _is_loopback(manager.bind) else []),
        ("read", "system,call,reporting"),
        ("write", "reporting"),
    ]
    return joined([*parts, section(manager.user, user)])


def http_conf(config: TelephonyReceptionConfig, facts: PbxFacts) -> str:
    """Return the server ARI needs."""
    ari = config.site.ari
    pairs = [
        ("enabled", "yes"),
        ("bindaddr", ari.bind),
        ("bindport", str(ari.port)),
        ("sessionlimit", str(_HTTP_SESSIONS)),
    ]
    return joined([section("general", pairs, adds=facts.has_section("http.conf", "general"))])


def rtp_conf(config: TelephonyReceptionConfig, facts: PbxFacts) -> str:
    """Return the ports of sound, or "" when the host has its own: of two `rtpstart` Asterisk takes the first."""
    if facts.has_section("rtp.conf", "general"):
        return ""
    network = config.site.network
    pairs = [("rtpstart", str(network.rtp_first)), ("rtpend", str(network.rtp_last)), ("strictrtp", "yes")]
    return joined([section("general", pairs)])


def logger_conf(config: TelephonyReceptionConfig, facts: PbxFacts) -> str:
    """Return the security log. FreePBX takes the line into a section of its own."""
    if config.site.pbx == "freepbx":
        return joined([line(SECURITY_LOG, "security", "logfiles") + "\n"])
    return joined(
        [section("logfiles", [(SECURITY_LOG, "security")], adds=facts.has_section("logger.conf", "logfiles"))]
    )


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "localhost")
