"""Which modules a dialplan needs: applications, functions, and what stands inside of both."""

import pytest

from provisioning.applying.dialplan_modules import modules_needed, not_loaded


@pytest.mark.parametrize(
    ("step", "modules"),
    [
        ("Hangup(16)", set()),
        ("Stasis(centralita,telecom,5551001)", {"app_stasis.so"}),
        ("ExecIf($[${GROUP_COUNT(a@out)} > 4]?Playback(x))", {"app_exec.so", "app_playback.so", "func_groupcount.so"}),
        ("Set(CALLERID(num)=${FILTER(0-9,${X})})", {"func_callerid.so", "func_strings.so"}),
        ("GotoIf($[${DIALPLAN_EXISTS(a,b,1)}]?a,b,1)", {"func_dialplan.so"}),
        ('ExecIf($["${STACK_PEEK(1,c,1)}" != ""]?Return())', {"app_exec.so", "app_stack.so"}),
        ("VoiceMail(100@default)", {"app_voicemail"}),
    ],
)
def test_what_a_step_needs(step: str, modules: set[str]) -> None:
    assert modules_needed([step]) == modules


def test_any_build_of_voicemail_will_do() -> None:
    assert not_loaded({"app_voicemail", "app_dial.so"}, {"app_voicemail_odbc.so"}) == {"app_dial.so"}
    assert not_loaded({"app_voicemail"}, {"app_queue.so"}) == {"app_voicemail"}
