"""Two gateways and two carriers as they should be: one gateway registers, one is known by its address, one carrier
wants a registration over UDP, one an address and TLS with SRTP."""

OFFICE = """\
[global]
type = global
endpoint_identifier_order = ip,username
keep_alive_interval = 30

[lan]
type = transport
protocol = udp
bind = 192.168.1.10:5060
local_net = 192.168.1.0/24

[wan-tls]
type = transport
protocol = tls
bind = 0.0.0.0:5061
method = tlsv1_2
verify_server = yes
tcp_keepalive_enable = yes
#include centralita/pjsip.conf
"""
"""Somebody else's pjsip.conf."""

OURS = """\
; a gateway that registers
[centralita-gw-oficina]
type = endpoint
transport = lan
aors = centralita-gw-oficina
auth = centralita-gw-oficina-auth
context = centralita-in-gw
disallow = all
allow = alaw,ulaw
dtmf_mode = rfc4733
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
trust_id_inbound = yes
acl = centralita-lan
device_state_busy_at = 4
t38_udptl = no
rtp_timeout = 60
rtp_timeout_hold = 300
set_var = CENTRALITA_TRUNK=gw-oficina
[centralita-gw-oficina]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 30
[centralita-gw-oficina-auth]
type = auth
auth_type = digest
username = centralita-gw-oficina
password = AtLeast16Characters

; a gateway known by its address
[centralita-gw-almacen]
type = endpoint
transport = lan
aors = centralita-gw-almacen
context = centralita-in-gw
disallow = all
allow = alaw,ulaw
[centralita-gw-almacen]
type = aor
contact = sip:192.168.1.50:5062
qualify_frequency = 30
[centralita-gw-almacen]
type = identify
endpoint = centralita-gw-almacen
match = 192.168.1.50/32

; a carrier with a registration
[centralita-car-uno]
type = endpoint
transport = lan
aors = centralita-car-uno
outbound_auth = centralita-car-uno-auth
outbound_proxy = sip:proxy.uno.example\\;lr
context = centralita-in-car
disallow = all
allow = alaw,ulaw
from_user = 525512345678
from_domain = uno.example
send_pai = yes
trust_id_outbound = yes
contact_user = 525512345678
[centralita-car-uno]
type = aor
contact = sip:sip.uno.example
outbound_proxy = sip:proxy.uno.example\\;lr
[centralita-car-uno-auth]
type = auth
auth_type = digest
username = 525512345678
password = AtLeast16Characters
[centralita-car-uno]
type = registration
server_uri = sip:sip.uno.example
client_uri = sip:525512345678@uno.example
contact_user = 525512345678
outbound_auth = centralita-car-uno-auth
outbound_proxy = sip:proxy.uno.example\\;lr
transport = lan
line = yes
endpoint = centralita-car-uno
expiration = 120
retry_interval = 60
forbidden_retry_interval = 600
fatal_retry_interval = 120
max_retries = 10000
auth_rejection_permanent = no

; a carrier known by its address, over TLS
[centralita-car-dos]
type = endpoint
transport = wan-tls
aors = centralita-car-dos
context = centralita-in-car
disallow = all
allow = alaw,ulaw
media_encryption = sdes
media_encryption_optimistic = no
[centralita-car-dos]
type = aor
contact = sip:sip.dos.example:5061\\;transport=tls
[centralita-car-dos]
type = identify
endpoint = centralita-car-dos
match = 203.0.113.0/28,203.0.113.64
"""

EXTENSIONS = """\
[centralita-in-gw]
exten => _X.,1,NoOp()
[centralita-in-car]
exten => _X.,1,NoOp()
"""

ACL = """\
[centralita-lan]
deny = 0.0.0.0/0.0.0.0
permit = 192.168.1.0/24
"""

OUR_FILE = "centralita/pjsip.conf"


def files(ours: str = OURS, theirs: str = OFFICE) -> dict[str, str]:
    """A whole folder with these two parts of pjsip.conf."""
    return {"pjsip.conf": theirs, OUR_FILE: ours, "extensions.conf": EXTENSIONS, "acl.conf": ACL}
