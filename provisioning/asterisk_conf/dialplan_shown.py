"""What `dialplan show` prints, read back into the same objects as `read_dialplan` makes."""

import re
from typing import Final

from provisioning.asterisk_conf.dialplan import HINT, Context, Dialplan, Extension, Priority
from provisioning.asterisk_conf.sections import Where

_CONTEXT: Final = re.compile(r"\[ Context '(.*)' created by '(.*)' \]")
_EXTENSION: Final = re.compile(r"  '(.*?)'(?: \(CID match '(.*)'\))? => +(.*)")
_SPECIAL: Final = re.compile(r"  (Include|Alt\. Switch|Ignore pattern) => +'(.*)' *\[[^\]]*\]")
_STEP: Final = re.compile(r" *(?:\[(?P<label>[^\]]+)\] +)?(?:(?P<number>\d+)\.|(?P<hint>hint):) (?P<rest>.*)")
_ORIGIN: Final = re.compile(r"(?P<action>.*?) *\[(?P<file>[^\]]*?)(?::(?P<line>\d+))?\]")


def parse_dialplan_show(text: str) -> Dialplan:
    """Return the dialplan that `dialplan show` or `dialplan show CONTEXT` printed.

    Lines it does not know are passed over; a context that does not exist gives an empty dialplan.
    """
    contexts: dict[str, Context] = {}
    name = ""
    extensions: list[Extension] = []
    specials: dict[str, list[str]] = {}

    def close() -> None:
        if name:
            includes, switches = specials.get("Include", []), specials.get("Alt. Switch", [])
            ignored = specials.get("Ignore pattern", [])
            contexts[name] = Context(name, tuple(extensions), tuple(includes), tuple(switches), tuple(ignored))

    for line in text.splitlines():
        if found := _CONTEXT.match(line):
            close()
            name, extensions, specials = found[1], [], {}
        elif found := _SPECIAL.match(line):
            specials.setdefault(found[1], []).append(found[2])
        elif found := _EXTENSION.match(line):
            extensions.append(Extension(found[1], found[2] or "", ()))
            _add(extensions, found[3])
        elif extensions:
            _add(extensions, line)
    close()
    return Dialplan(contexts)


def _add(extensions: list[Extension], line: str) -> None:
    step = _STEP.fullmatch(line)
    if step is None:
        return
    origin = _ORIGIN.fullmatch(step["rest"])
    action = origin["action"] if origin else step["rest"].rstrip()
    where = Where(origin["file"], int(origin["line"] or 0)) if origin else Where("", 0)
    if step["hint"]:
        priority = Priority(HINT, step["label"] or "", action, "", where)
    else:
        app, _, args = action.partition("(")
        priority = Priority(int(step["number"]), step["label"] or "", app, args.removesuffix(")"), where)
    last = extensions[-1]
    extensions[-1] = Extension(last.pattern, last.caller, (*last.priorities, priority))
