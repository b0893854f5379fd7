"""Asking the other end: does the name lead somewhere, does SIP answer there, are we registered, does a call go through?

In: where to ask, and what a preset expects. Out: rows of ok, warn or fail with a reason and what to do. Pure cores
(`sip_options`, `srv`, `registrations`, `verdict`) under thin asyncio shells (`options_probe`, `names`, `verify`).
"""

from provisioning.probing.call_test import CallOutcome, ConsoleTestCall, TestCall, judged_call
from provisioning.probing.names import Names, ask_names
from provisioning.probing.options_probe import OptionsResult, ask_options
from provisioning.probing.registrations import RegistrationState, parse_registrations, registration_row
from provisioning.probing.report import Row, VerifyReport
from provisioning.probing.sip_options import SipAnswer, Target
from provisioning.probing.verify import NetworkProbes, Probes, check_gateway, verify

__all__ = [
    "CallOutcome",
    "ConsoleTestCall",
    "Names",
    "NetworkProbes",
    "OptionsResult",
    "Probes",
    "RegistrationState",
    "Row",
    "SipAnswer",
    "Target",
    "TestCall",
    "VerifyReport",
    "ask_names",
    "ask_options",
    "check_gateway",
    "judged_call",
    "parse_registrations",
    "registration_row",
    "verify",
]
