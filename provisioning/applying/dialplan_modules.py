"""Which modules of Asterisk our dialplan needs. Pure.

Asterisk loads an extension whose application or function it does not know, and only fails when a caller comes along:
the call is then hung up (application) or the expression is empty (function). So it is asked for before.
The pairs are those of Asterisk 22's `core show application` and `core show function`; what `pbx_builtins` brings
(Goto, Set, Hangup, Answer, NoOp, Busy, Congestion, ExecIf apart) is always there.
"""

import re
from collections.abc import Iterable
from typing import Final

APPLICATIONS: Final = {
    "agi": "res_agi.so",
    "dial": "app_dial.so",
    "execif": "app_exec.so",
    "gosub": "app_stack.so",
    "log": "app_verbose.so",
    "playback": "app_playback.so",
    "queue": "app_queue.so",
    "return": "app_stack.so",
    "stasis": "app_stasis.so",
    "voicemail": "app_voicemail",
}
"""A name without `.so` is the beginning of one: voicemail comes in three builds."""
FUNCTIONS: Final = {
    "CALLERID": "func_callerid.so",
    "CHANNEL": "func_channel.so",
    "DIALPLAN_EXISTS": "func_dialplan.so",
    "FILTER": "func_strings.so",
    "GROUP": "func_groupcount.so",
    "GROUP_COUNT": "func_groupcount.so",
    "IF": "func_logic.so",
    "STACK_PEEK": "app_stack.so",
    "TIMEOUT": "func_timeout.so",
}
_CALLS: Final = re.compile(r"\b([A-Z_]{2,})\(")
_APPLICATION: Final = re.compile(r"(?:^|[?:])\s*([A-Za-z]+)\(")


def modules_needed(steps: Iterable[str]) -> frozenset[str]:
    """Return the modules, by file name or its beginning, of priorities written like `Dial(PJSIP/200,20)`."""
    needed: set[str] = set()
    for step in steps:
        # ExecIf(…?Application(…)) and Set(FUNCTION(…)=…) as well
        needed.update(APPLICATIONS[name] for name in map(str.lower, _APPLICATION.findall(step)) if name in APPLICATIONS)
        needed.update(FUNCTIONS[name] for name in _CALLS.findall(step) if name in FUNCTIONS)
    return frozenset(needed)


def not_loaded(needed: Iterable[str], loaded: Iterable[str]) -> frozenset[str]:
    """Return those of `needed` that none of the modules that run is."""
    running = frozenset(loaded)
    return frozenset(
        name
        for name in needed
        if name not in running and (name.endswith(".so") or not any(one.startswith(name) for one in running))
    )
