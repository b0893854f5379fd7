#!/usr/bin/env python3
"""Write a configuration folder laid out as FreePBX 17 lays out /etc/asterisk: a test bed, written by us.

The same file names, the same includes in the same order, the same contexts (`from-internal`, `from-did-direct`,
`ext-queues`, `ext-group`, `from-trunk` …) with a small office in them: phones 200 and 201, queue 400, ring group 600,
one trunk. As FreePBX does, a second run writes the generated files again and never touches a `*_custom*` file that is
there, so that "FreePBX applies its configuration" is: run it once more.

Sources: which file includes which, in FreePBX/core `PJSip.class.php` `genConfig` (release 17.0); how a Custom
Destination becomes dialplan, in FreePBX/customappsreg `doDialplanHook`. The rest of the dialplan is a sketch of the
same shape, not FreePBX's text.

Needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

BANNER = (
    ";--------------------------------------------------------------------------------;\n"
    "; Written by the test bed in place of FreePBX: every run writes this file again. ;\n"
    ";--------------------------------------------------------------------------------;\n"
)
PJSIP_PARTS = ("endpoint", "aor", "auth", "registration", "identify")
"""In the order in which pjsip.conf includes them, after the transports."""

EMPTY_CUSTOM_FILES = (
    "extensions_override_freepbx.conf", "globals_custom.conf", "http_custom.conf", "ari_general_custom.conf",
    "ari_additional_custom.conf", "manager_custom.conf", "logger_general_custom.conf", "logger_logfiles_custom.conf",
    "rtp_custom.conf", "musiconhold_custom.conf", "queues_custom_general.conf", "queues_custom.conf",
    "queues_post_custom.conf", "features_general_custom.conf", "pjsip_custom.conf", "pjsip_custom_post.conf",
    "pjsip.transports_custom.conf", "pjsip.transports_custom_post.conf",
    *(f"pjsip.{part}_custom{post}.conf" for part in PJSIP_PARTS for post in ("", "_post")),
)  # fmt: skip


@dataclass(frozen=True)
class CustomDestination:
    """Admin → Custom Destinations, as the person at the web page fills it in."""

    number: int
    target: str
    """`context,extension,priority`."""
    description: str
    returns_to: str = ""
    """The destination after `Return`; "": Return = No."""


@dataclass(frozen=True)
class FreePbxSite:
    """The small office."""

    sip_bind: str = "0.0.0.0:5060"
    http_bind: str = "127.0.0.1"
    http_port: int = 8088
    manager_bind: str = "127.0.0.1"
    manager_port: int = 5038
    rtp_first: int = 10000
    rtp_last: int = 20000
    log_folder: str = "/var/log/asterisk"
    sound_folder: str = "/var/lib/asterisk/moh"
    trunk_host: str = "192.0.2.10"
    """A documentation address: nobody is there."""
    secret_seed: str = "test bed"
    """Passwords are made from it, so that the next run makes the same ones."""
    allow_guest: bool = False
    """Settings → SIP: allow anonymous and guests."""
    ari_origins: str = "*"
    """FreePBX's default for ARI_ALLOWED_ORIGINS."""
    inbound_routes: dict[str, str] = field(default_factory=lambda: {"5550200": "from-did-direct,200,1"})
    """DID → destination."""
    custom_destinations: tuple[CustomDestination, ...] = ()

    def secret(self, name: str) -> str:
        """Return the password of a phone, a trunk or a user of this site: 32 hexadecimal digits."""
        return hashlib.sha256(f"{self.secret_seed}:{name}".encode()).hexdigest()[:32]


def write_tree(folder: Path, site: FreePbxSite) -> None:
    """Write the generated files, and those custom files that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in generated_files(site).items():
        _write(folder / name, text)
    for name, text in custom_files().items():
        if not (folder / name).exists():
            _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    """Write as FreePBX leaves its files: owner writes, group reads, nobody else."""
    path.touch(0o640)
    path.write_text(text, "utf-8")
    path.chmod(0o640)


def custom_files() -> dict[str, str]:
    """Return what belongs to the person at the PBX: mostly empty, and one thing made by hand."""
    by_hand = (
        "; made by hand, years ago\n"
        "[from-internal-custom]\n"
        "exten => *88,1,Answer()\n"
        " same => n,Playtones(800)\n"
        " same => n,Wait(2)\n"
        " same => n,Hangup()\n"
    )
    return {**dict.fromkeys(EMPTY_CUSTOM_FILES, ""), "extensions_custom.conf": by_hand}


def generated_files(site: FreePbxSite) -> dict[str, str]:
    """Return what "Apply Config" writes, by file name."""
    files = {**_pjsip(site), **_dialplan(site), **_interfaces(site), **_the_rest(site)}
    return {name: BANNER + text for name, text in files.items()}


# -- pjsip.conf ------------------------------------------------------------------------------------------------------


def _pjsip(site: FreePbxSite) -> dict[str, str]:
    includes = ["pjsip_custom.conf", "pjsip.transports.conf", "pjsip.transports_custom_post.conf"]
    for part in PJSIP_PARTS:
        includes += [f"pjsip.{part}.conf", f"pjsip.{part}_custom_post.conf"]
    root = "".join(f"#include {name}\n" for name in includes)
    root += (
        "\n[global]\ntype=global\nuser_agent=FPBX-17.0.18.4(22.10.1)\n"
        "endpoint_identifier_order=username,ip,anonymous\n#include pjsip_custom_post.conf\n"
    )
    parts = dict.fromkeys(PJSIP_PARTS, "")
    for phone in ("200", "201"):
        parts["endpoint"] += (
            f"[{phone}]\ntype=endpoint\naors={phone}\nauth={phone}-auth\n"
            f"tos_audio=ef\ntos_video=af41\ncos_audio=5\ncos_video=4\nallow=ulaw,alaw,g722\ncontext=from-internal\n"
            f"callerid=Extension {phone} <{phone}>\ndtmf_mode=rfc4733\ndirect_media=no\n"
            "aggregate_mwi=yes\nuse_avpf=no\nrtcp_mux=no\nbundle=no\nice_support=no\nmedia_use_received_transport=no\n"
            "trust_id_inbound=yes\nuser_eq_phone=no\nsend_connected_line=yes\nmedia_encryption=no\ntimers=yes\n"
            "rtp_symmetric=yes\nrewrite_contact=yes\nforce_rport=yes\nlanguage=en\n\n"
        )
        parts["auth"] += (
            f"[{phone}-auth]\ntype=auth\nauth_type=userpass\npassword={site.secret(phone)}\nusername={phone}\n\n"
        )
        parts["aor"] += (
            f"[{phone}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\nmaximum_expiration=7200\n"
            "minimum_expiration=60\nqualify_frequency=60\n\n"
        )
    parts["endpoint"] += (
        "[carrier]\ntype=endpoint\ntransport=0.0.0.0-udp\ncontext=from-pstn\ndisallow=all\nallow=ulaw,alaw\n"
        "aors=carrier\nlanguage=en\ndirect_media=no\ndtmf_mode=auto\nrtp_symmetric=yes\n\n"
    )
    parts["aor"] += f"[carrier]\ntype=aor\nqualify_frequency=0\ncontact=sip:{site.trunk_host}:5060\n\n"
    parts["identify"] += f"[carrier]\ntype=identify\nendpoint=carrier\nmatch={site.trunk_host}\n\n"
    if site.allow_guest:
        parts["endpoint"] += "[anonymous]\ntype=endpoint\ncontext=from-sip-external\nallow=all\ntransport=0.0.0.0-udp\n"
    transports = f"[0.0.0.0-udp]\ntype=transport\nprotocol=udp\nbind={site.sip_bind}\nallow_reload=no\ntos=cs3\ncos=3\n"
    files = {f"pjsip.{part}.conf": f"#include pjsip.{part}_custom.conf\n\n{text}" for part, text in parts.items()}
    return {
        "pjsip.conf": root,
        "pjsip.transports.conf": f"#include pjsip.transports_custom.conf\n\n{transports}",
        **files,
    }


# -- extensions.conf -------------------------------------------------------------------------------------------------


def _dialplan(site: FreePbxSite) -> dict[str, str]:
    root = (
        "#include extensions_override_freepbx.conf\n"
        "#include extensions_additional.conf\n"
        "#include extensions_custom.conf\n"
    )
    return {"extensions.conf": root, "extensions_additional.conf": _additional(site)}


def _additional(site: FreePbxSite) -> str:
    contexts = [
        "[general]\nstatic=yes\nwriteprotect=no\n",
        "[globals]\n#include globals_custom.conf\nRINGTIMER=15\nAMPUSER=asterisk\n",
        _includes("from-internal", "from-internal-xfer", "bad-number"),
        _includes("from-internal-xfer", "from-internal-custom", "from-internal-additional"),
        _includes("from-internal-additional", "ext-queues", "ext-group", "ext-local", "outbound-allroutes"),
        _includes("from-did-direct", "ext-local"),
        _includes("from-trunk", "from-pstn"),
        _includes("from-pstn", "ext-did", "from-did-direct", "ext-did-catchall"),
        _includes("outbound-allroutes", "outrt-1"),
        "[ext-local]\n" + "".join(_phone(phone) for phone in ("200", "201")),
        "[ext-queues]\n"
        "exten => 400,1,Set(__FROMQUEUEEXTEN=${CALLERID(number)})\n"
        "exten => 400,n,Answer()\n"
        "exten => 400,n(qcall),Queue(400,t,,,)\n"
        "exten => 400,n,Hangup()\n",
        "[ext-group]\n"
        "exten => 600,1,Set(__RINGGROUP=600)\n"
        "exten => 600,n,Dial(PJSIP/200&PJSIP/201,20)\n"
        "exten => 600,n,Hangup()\n",
        "[outrt-1]\n"
        "exten => _9NXXXXXXXXX,1,Set(ROUTE=carrier)\n"
        "exten => _9NXXXXXXXXX,n,Dial(PJSIP/${EXTEN:1}@carrier,300)\n"
        "exten => _9NXXXXXXXXX,n,Hangup()\n",
        "[ext-did]\n" + "".join(_route(did, goes_to) for did, goes_to in sorted(site.inbound_routes.items())),
        "[ext-did-catchall]\nexten => _X.,1,NoOp(no route for ${EXTEN})\nexten => _X.,n,Hangup(1)\n",
        "[from-sip-external]\nexten => _X.,1,NoOp(refused: ${EXTEN})\nexten => _X.,n,Hangup(21)\n",
        "[bad-number]\nexten => _X.,1,Playtones(congestion)\nexten => _X.,n,Congestion(10)\n",
    ]
    if site.custom_destinations:
        contexts.append("[customdests]\n" + "".join(_custom_destination(one) for one in site.custom_destinations))
    return "\n".join(contexts)


def _includes(name: str, *included: str) -> str:
    return f"[{name}]\n" + "".join(f"include => {other}\n" for other in included)


def _phone(extension: str) -> str:
    return (
        f"exten => {extension},1,Set(__RINGTIMER=${{RINGTIMER}})\n"
        f"exten => {extension},n,Dial(PJSIP/{extension},${{RINGTIMER}},tr)\n"
        f"exten => {extension},n,Hangup()\n"
        f"exten => {extension},hint,PJSIP/{extension}\n"
    )


def _route(did: str, goes_to: str) -> str:
    return (
        f"exten => {did},1,Set(__DIRECTION=INBOUND)\n"
        f"exten => {did},n,Set(__FROM_DID=${{EXTEN}})\n"
        f"exten => {did},n(dest-ext),Goto({goes_to})\n"
    )


def _custom_destination(one: CustomDestination) -> str:
    name = f"dest-{one.number}"
    lines = [f"exten => {name},1,Noop(Entering Custom Destination {one.description})"]
    if one.returns_to:
        lines += [
            f"exten => {name},n,Gosub({one.target}())",
            f"exten => {name},n,Noop(Returned from Custom Destination {one.description})",
            f"exten => {name},n,Goto({one.returns_to})",
        ]
    else:
        lines.append(f"exten => {name},n,Goto({one.target})")
    return "\n".join(lines) + "\n"


# -- http, ARI, AMI --------------------------------------------------------------------------------------------------


def _interfaces(site: FreePbxSite) -> dict[str, str]:
    return {
        "http.conf": "[general]\n#include http_additional.conf\n#include http_custom.conf\n",
        "http_additional.conf": (
            f"enabled=yes\nbindaddr={site.http_bind}\nbindport={site.http_port}\nprefix=\nsessionlimit=100\n"
        ),
        "ari.conf": (
            "[general]\n#include ari_general_additional.conf\n#include ari_general_custom.conf\n\n"
            "#include ari_additional.conf\n#include ari_additional_custom.conf\n"
        ),
        "ari_general_additional.conf": f"enabled=yes\npretty=no\nallowed_origins={site.ari_origins}\n",
        "ari_additional.conf": (
            f"[freepbxuser]\ntype=user\npassword={site.secret('ari')}\npassword_format=plain\nread_only=no\n"
        ),
        "manager.conf": (
            f"[general]\nenabled=yes\nport={site.manager_port}\nbindaddr={site.manager_bind}\ndisplayconnects=no\n\n"
            f"[admin]\nsecret={site.secret('manager')}\ndeny=0.0.0.0/0.0.0.0\npermit=127.0.0.1/255.255.255.0\n"
            "read=system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate,message\n"
            "write=system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate,message\n\n"
            "#include manager_additional.conf\n#include manager_custom.conf\n"
        ),
        "manager_additional.conf": "",
    }


# -- logs, sound, queues ---------------------------------------------------------------------------------------------


def _the_rest(site: FreePbxSite) -> dict[str, str]:
    return {
        "logger.conf": (
            "[general]\n#include logger_general_additional.conf\n#include logger_general_custom.conf\n\n"
            "[logfiles]\n#include logger_logfiles_additional.conf\n#include logger_logfiles_custom.conf\n"
        ),
        "logger_general_additional.conf": "dateformat=%F %T\nappendhostname=no\nqueue_log=yes\n",
        "logger_logfiles_additional.conf": f"{site.log_folder}/full => error,notice,verbose(3),warning\n",
        "rtp.conf": "[general]\n#include rtp_additional.conf\n#include rtp_custom.conf\n",
        "rtp_additional.conf": f"rtpstart={site.rtp_first}\nrtpend={site.rtp_last}\nstrictrtp=yes\nicesupport=no\n",
        "musiconhold.conf": "#include musiconhold_custom.conf\n#include musiconhold_additional.conf\n",
        "musiconhold_additional.conf": f"[default]\nmode=files\ndirectory={site.sound_folder}\n",
        "queues.conf": (
            "[general]\n#include queues_general_additional.conf\n#include queues_custom_general.conf\n\n"
            "#include queues_custom.conf\n#include queues_additional.conf\n#include queues_post_custom.conf\n"
        ),
        "queues_general_additional.conf": "persistentmembers=yes\nautofill=yes\n",
        "queues_additional.conf": (
            "[400]\nstrategy=ringall\ntimeout=15\nretry=5\nmusicclass=default\n"
            "member=PJSIP/200,0,Extension 200\nmember=PJSIP/201,0,Extension 201\n"
        ),
        "features.conf": (
            "[general]\n#include features_general_additional.conf\n#include features_general_custom.conf\n"
        ),
        "features_general_additional.conf": "featuredigittimeout=500\n",
        "indications.conf": (
            "[general]\ncountry=us\n\n[us]\ndescription=United States\nringcadence=2000,4000\ndial=350+440\n"
            "busy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\n"
        ),
        "cdr.conf": "[general]\nenable=no\n",
        "cel.conf": "[general]\nenable=no\n",
        "udptl.conf": "[general]\nudptlstart=4000\nudptlend=4999\n",
        "ccss.conf": "[general]\n",
        "acl.conf": "",
        "pjproject.conf": "[startup]\ntype=startup\nlog_level=0\n",
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Write a configuration folder laid out as FreePBX 17 lays it out.")
    parser.add_argument("dest", type=Path, help="the folder; what is generated in it is written again")
    parser.add_argument("--sip-bind", default="0.0.0.0:5060", help="where the transport 0.0.0.0-udp listens")
    parser.add_argument("--http-port", type=int, default=8088)
    parser.add_argument("--manager-port", type=int, default=5038)
    parser.add_argument("--log-folder", default="/var/log/asterisk")
    parser.add_argument("--allow-guest", action="store_true", help="with the endpoint [anonymous]")
    options = parser.parse_args()
    site = FreePbxSite(
        sip_bind=options.sip_bind,
        http_port=options.http_port,
        manager_port=options.manager_port,
        log_folder=options.log_folder,
        allow_guest=options.allow_guest,
    )
    write_tree(options.dest, site)
    print(f"{options.dest}: {len(generated_files(site))} generated files, {len(custom_files())} custom ones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
