"""Passwords that are guessed: short, known to everybody, or made of the user's own name. None is ever repeated."""

from collections.abc import Iterator
from typing import Final

from provisioning.asterisk_conf.objects import PjsipObject
from provisioning.asterisk_conf.sections import Entry
from provisioning.finding import Finding
from provisioning.security.facts import AuditFacts

SHORTEST: Final = 12
"""Characters. Sixteen random ones are the usual advice; below twelve a scanner has time enough."""
_WELL_KNOWN: Final = frozenset(
    {
        "password", "passw0rd", "secret", "changeme", "asterisk", "admin", "administrator", "amp111", "amp109",
        "elastix", "issabel", "freepbx", "voip", "phone", "telefono", "teléfono", "contraseña", "clave", "qwerty",
        "letmein", "welcome", "default", "test", "user", "guest", "root", "toor", "pbx", "trixbox", "hunter2",
        "peekaboo", "mysecret", "unsecurepassword", "unsecured", "mark", "jerk", "123qwe", "1q2w3e4r", "abc123",
    }
)  # fmt: skip
"""Out of the box, in samples, and what scanners try first (from memory; a short list, not a dictionary)."""


def password_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield one finding for each weak password of pjsip.conf, ari.conf, manager.conf and http users."""
    site = facts.pjsip()
    for auth in site.of("auth") if site else ():
        yield from _auth(auth)
    for user in facts.sections("ari.conf"):
        if (user.get("type") or "").lower() != "user":
            continue
        entry = user.last("password")
        if (user.get("password_format") or "plain").lower() == "plain":
            yield from _weak(entry, user.name, "ARI user", user.name)
    for user in facts.sections("manager.conf"):
        if user.name.lower() != "general":
            yield from _weak(user.last("secret"), user.name, "manager user", user.name)


def _auth(auth: PjsipObject) -> Iterator[Finding]:
    kind = (auth.get("auth_type") or "userpass").lower()
    if kind in ("userpass", "digest") and auth.get("password") is not None:
        yield from _weak(auth.section.last("password"), auth.get("username") or auth.id, "auth", auth.id)


def _weak(entry: Entry | None, user: str, kind: str, name: str) -> Iterator[Finding]:
    why = weakness(entry.value, user) if entry is not None else ""
    if entry is not None and why:
        message = f"its password {why}: give it at least {SHORTEST} random letters and digits"
        yield Finding("error", "weak-password", message, entry.where.file, entry.where.line, f"{kind} {name}")


def weakness(password: str, user: str) -> str:
    """Return why a password is weak, without saying what it is; "" for a good one. Pure."""
    lower, name = password.lower(), user.lower()
    if not password:
        return "is empty"
    if lower.strip("0123456789!.-_") in _WELL_KNOWN or lower in _WELL_KNOWN:
        return "is one that every scanner tries"
    if name and (lower in (name, name[::-1], name * 2) or (len(name) >= 3 and name in lower and len(lower) < 16)):
        return "is made of its user's name"
    if len(password) < SHORTEST:
        return f"has fewer than {SHORTEST} characters"
    if password.isdigit():
        return "has digits only"
    if len(set(lower)) < 5:
        return "repeats a few characters"
    if lower in "abcdefghijklmnopqrstuvwxyz" * 2 or lower in "01234567890123456789":
        return "is a row of neighbours"
    return ""
