"""Whether anybody would notice an attack: the security log, and fail2ban reading it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from provisioning.finding import Finding
from provisioning.security.facts import AuditFacts

_ENABLED: Final = re.compile(r"(?im)^\s*enabled\s*=\s*(?:true|yes|1|on)\s*$")


def log_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield what is missing."""
    logs = security_logs(facts)
    if not logs:
        message = (
            "no log takes security events, so nobody sees who tries passwords: write "
            "`centralita-security.log => security` into [logfiles] (install does it)"
        )
        file = "logger_logfiles_custom.conf" if facts.is_freepbx else "logger.conf"
        yield Finding("warning", "no-security-log", message, file)
    modules = facts.section("modules.conf", "modules")
    if modules is not None and any("res_security_log" in value for value in modules.all("noload")):
        message = "res_security_log is not loaded: the security log stays empty; remove the noload line"
        yield Finding("warning", "no-security-log", message, "modules.conf")
    if facts.fail2ban is None:
        message = "no fail2ban found: install it (apt install fail2ban), then run the installation again"
        if facts.is_freepbx:
            message += "; or turn on FreePBX's own: Connectivity → Firewall → Intrusion Detection"
        yield Finding("warning", "no-fail2ban", message, "/etc/fail2ban")
    elif not _has_jail(facts.fail2ban):
        message = "fail2ban has no enabled jail for Asterisk: nobody is banned"
        yield Finding("warning", "no-fail2ban", message, "/etc/fail2ban")


def security_logs(facts: AuditFacts) -> tuple[str, ...]:
    """Return the logs that take security events."""
    logfiles = facts.section("logger.conf", "logfiles")
    if logfiles is None:
        return ()
    levels = {entry.key: [word.strip() for word in entry.value.split(",")] for entry in logfiles.entries}
    return tuple(name for name, words in levels.items() if {"security", "*"} & set(words) and name != "console")


def _has_jail(jails: Mapping[str, str]) -> bool:
    for text in jails.values():
        for section in re.split(r"(?m)^(?=\s*\[)", text):
            if re.match(r"\s*\[[^\]]*asterisk[^\]]*\]", section, re.IGNORECASE) and _ENABLED.search(section):
                return True
    return False
