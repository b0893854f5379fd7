"""Names: what is named twice, what is named and does not exist, and what is named by two who should not share it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rapidfuzz import process

from provisioning.asterisk_conf.objects import PjsipObject, Site
from provisioning.finding import Finding

_REFERENCES: Final = (
    ("endpoint", "aors", "aor", "nobody can be called or register there"),
    ("endpoint", "auth", "auth", "every call from there is refused"),
    ("endpoint", "outbound_auth", "auth", "the other side's challenge cannot be answered"),
    ("endpoint", "transport", "transport", "calls to it fail"),
    ("registration", "outbound_auth", "auth", "it cannot register"),
    ("registration", "transport", "transport", "it cannot register"),
    ("registration", "endpoint", "endpoint", "calls on this line match nobody"),
    ("identify", "endpoint", "endpoint", "calls from these addresses match nobody"),
    ("outbound-publish", "outbound_auth", "auth", "it cannot publish"),
    ("outbound-publish", "transport", "transport", "it cannot publish"),
    ("inbound-publication", "endpoint", "endpoint", "publications match nobody"),
    ("phoneprov", "endpoint", "endpoint", "the phone gets no account"),
)
"""Type, option, type it points to, what comes of it. Asterisk loads a dangling reference without a word (measured)."""

_SINGLE: Final = frozenset({"global", "system"})


def check_duplicates(site: Site) -> Iterator[Finding]:
    """Find two objects of one type and id. Asterisk then refuses **every** object of that type."""
    for object_type, named in site.by_type.items():
        if not object_type:
            continue
        for name, found in named.items():
            for again in found[1:]:
                message = (
                    f"a second {object_type} '{name}', the first is at {found[0].section.where}: "
                    f"Asterisk refuses every {object_type} there is"
                )
                yield site.says(again, "duplicate-object", message, theirs="error")
        if object_type in _SINGLE and len(named) > 1:
            extra = list(named.values())[1][0]
            message = f"two sections of type {object_type} ({', '.join(named)}); Asterisk allows one"
            yield site.says(extra, "duplicate-object", message, theirs="error")


def check_references(site: Site) -> Iterator[Finding]:
    """Find names that lead nowhere."""
    for object_type, option, target, comes_of_it in _REFERENCES:
        targets = site.by_type.get(target, {})
        for one in site.by_type.get(object_type, {}).values():
            for name in one[0].listed(option):
                if name in targets:
                    continue
                meant = _nearest(name, targets)
                message = f"{option} = {name}: there is no {target} of this name{meant}; {comes_of_it}"
                yield site.says(one[0], "dangling-reference", message, one[0].where(option))
    yield from _named_elsewhere(site)


def _named_elsewhere(site: Site) -> Iterator[Finding]:
    for one in site.of("endpoint", "acl"):
        for option in ("acl", "contact_acl"):
            for name in one.listed(option) if site.acls is not None else ():
                if site.acls is not None and name not in site.acls:
                    message = f"{option} = {name}: acl.conf has no such section; Asterisk then refuses every address"
                    yield site.says(one, "dangling-reference", message, one.where(option))
    if site.contexts is None:
        return
    for one in site.of("endpoint"):
        context = one.get("context") or "default"
        if context not in site.contexts and one.get("context"):
            message = f"context = {context}: the dialplan has no such context, so every call from there is refused"
            yield site.says(one, "context-missing", message, one.where("context"))


def check_shared_auth(site: Site) -> Iterator[Finding]:
    """Find auth objects that both ask for a password and answer with it: the realm cannot fit both."""
    asking = {name: one for one in site.of("endpoint") for name in one.listed("auth")}
    for one in site.of("endpoint", "registration"):
        for name in one.listed("outbound_auth"):
            if name in asking:
                message = (
                    f"auth '{name}' is used inbound by {asking[name]} and outbound here; "
                    "its realm serves one direction only, use two objects"
                )
                yield site.says(
                    one, "auth-both-ways", message, one.where("outbound_auth"), ours="warning", theirs="notice"
                )


def check_ids(site: Site, wizard_names: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Find ids of ours that somebody else's files use too."""
    if not site.ours:
        return
    theirs: dict[str, PjsipObject] = {}
    for one in site.objects:
        if one.section.where.file not in site.ours:
            theirs.setdefault(one.id, one)
    for one in site.objects:
        if one.section.where.file not in site.ours:
            continue
        other = theirs.get(one.id)
        if other is not None and other.type not in ("global", "system", "transport"):
            message = (
                f"the id '{one.id}' is used at {other.section.where} too ({other}), which is not ours: choose another"
            )
            yield site.says(one, "id-taken", message)
        if one.id in wizard_names:
            message = f"pjsip_wizard.conf has a section '{one.id}' too and makes objects of this name: choose another"
            yield site.says(one, "id-taken", message)


def check_cut_uris(site: Site, files: Mapping[str, str]) -> Iterator[Finding]:
    """Find SIP addresses that end at an unescaped `;`: `sip:proxy;lr` is read as `sip:proxy`."""
    lines: dict[str, list[str]] = {}
    for one in site.objects:
        for entry in one.section.entries:
            value = entry.value
            if "sip:" not in value and "sips:" not in value:
                continue
            where = entry.where
            if where.file not in lines:
                lines[where.file] = files.get(where.file, "").split("\n")
            raw = lines[where.file][where.line - 1] if where.line <= len(lines[where.file]) else ""
            cut = re.search(r"(?<!\\);(?!--)(\S[^\s;]*)", raw)
            if cut and cut.start() and not raw[cut.start() - 1].isspace():
                message = f"{entry.key} ends at the ';' before '{cut[1][:30]}': inside an address write it as '\\;'"
                yield site.says(one, "uri-cut", message, where)


def _nearest(name: str, known: Mapping[str, object]) -> str:
    found = process.extractOne(name, list(known), score_cutoff=70) if len(known) < 2_000 else None
    return f" (there is '{found[0]}')" if found else ""
