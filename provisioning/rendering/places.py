"""Places a caller can be sent, as dialplan: one extension each in `centralita-place`, shared by all who name the place.

Contexts of FreePBX are those its own modules write (`from-did-direct`, `ext-queues`, `ext-group`; the mailboxes in
`ext-local` are from memory, unverified). Each is asked for with DIALPLAN_EXISTS first: what is not there sends the
caller on to the last resort instead of dropping the call.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from provisioning.model import Place, SiteConfig, TelephonyReceptionConfig
from provisioning.rendering.writing import context, extension, token

CONTEXT: Final = "centralita-place"
QUEUE_SECONDS: Final = 900
"""How long a caller waits in a queue before the last resort; the queue's own settings may end it earlier."""
_PLAIN: Final = re.compile(r"[0-9*#]{1,40}")


def places_of(config: TelephonyReceptionConfig) -> list[Place]:
    """Return every place in use, each once: fallbacks of numbers, the site's, transfers."""
    found = [did.fallback for _, _, did in config.all_dids() if did.fallback]
    found += [config.site.fallback] if config.site.fallback else []
    found += [target.place for target in config.site.transfers.values()]
    return list(dict.fromkeys(found))


def place_id(place: Place) -> str:
    """Return the place's extension: readable, and its own for every different place.

    Asterisk ignores hyphens when it compares extensions and knows `h`, `i`, `t` …: hence the kind and the dots.
    """
    kind = place.kind.replace("_", "")
    usual = place.model_copy(update={"target": "", "number": ""}) == Place.model_construct(kind=place.kind)
    what = place.number.removeprefix("+") if place.kind == "external" else place.target
    if usual and not (place.target and place.number) and _PLAIN.fullmatch(what):
        return f"{kind}.{what}"
    digest = hashlib.sha256(place.model_dump_json().encode()).hexdigest()[:10]
    return f"{kind}.x{digest}"


def places_context(places: Iterable[Place], site: SiteConfig) -> str:
    """Return the context. Raises: ConfigurationError."""
    by_id = {place_id(place): extension(place_id(place), *_steps(place, site)) for place in places}
    return context(
        CONTEXT,
        [by_id[name] for name in sorted(by_id)],
        comment="Where callers go who are not with the agent. Whoever comes back goes to the last resort.",
    )


def _steps(place: Place, site: SiteConfig) -> list[str]:
    steps = []
    if place.prompt and place.kind != "busy":
        steps += ["Answer()", f"Playback({token(place.prompt)})"]
    match place.kind:
        case "announcement":
            return [*steps, "Hangup(16)"]
        case "busy":
            # 486 before the call is answered, a busy tone afterwards
            return ["Busy(4)"]
        case "external":
            steps += [
                f"Set(CENTRALITA_RING={place.ring_seconds})",
                f"Goto(centralita-outbound,{token(place.number)},1)",
            ]
            return steps
        case _ if goto := _goto(place, site):
            steps += [f"GotoIf(${{DIALPLAN_EXISTS({goto},1)}}?{goto},1)", _missing(goto)]
        case "queue":
            steps += [f"Queue({token(place.target)},,,,{QUEUE_SECONDS})"]
        case "voicemail":
            steps += [f"VoiceMail({token(place.target)},u)", 'GotoIf($["${VMSTATUS}" = "FAILED"]?failed)', "Hangup(16)"]
            steps += ["failed:NoOp()"]
        case _:
            steps += [
                f"Dial(PJSIP/{token(place.target)},{place.ring_seconds})",
                "Goto(centralita-outcome,d${DIALSTATUS},1)",
            ]
            return steps
    return [*steps, "Goto(centralita-next,on,1)"]


def _missing(goto: str) -> str:
    return f"Log(WARNING,centralita: there is no {goto.replace(',', ' ')} in the dialplan)"


def _goto(place: Place, site: SiteConfig) -> str:
    """Return `context,extension` for places that are somebody else's dialplan, else ""."""
    if place.kind == "dialplan":
        return f"{token(place.context)},{token(place.target)}"
    if site.pbx != "freepbx":
        return ""
    target = token(place.target) if place.target else ""
    known = {
        "extension": f"from-did-direct,{target}",
        "queue": f"ext-queues,{target}",
        "ring_group": f"ext-group,{target}",
        "voicemail": f"ext-local,vmu{target}",
    }
    return known.get(place.kind, "")
