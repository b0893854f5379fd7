"""The typed telephony config in, Asterisk's configuration files as text out. Pure: no file, socket or clock.

`readiness` says what is missing or doubtful; `render` gives the files, or refuses with the keys that are wrong.
"""

from provisioning.rendering.facts import PbxFacts, sections_of
from provisioning.rendering.files import expected_objects, render
from provisioning.rendering.names import GatewayLogin, gateway_login
from provisioning.rendering.readiness import readiness

__all__ = ["GatewayLogin", "PbxFacts", "expected_objects", "gateway_login", "readiness", "render", "sections_of"]
