"""What the audit looks at, read once and without changing anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from provisioning.asterisk_conf.dialplan import Dialplan, read_dialplan
from provisioning.asterisk_conf.objects import Site, site_of
from provisioning.asterisk_conf.parsing import ETC, read_tree
from provisioning.asterisk_conf.sections import Section, Tree
from provisioning.freepbx.facts import Listener

AUDIO_SOCKET: Final = "AudioSocket"


@dataclass(frozen=True, slots=True)
class FileMode:
    """Who may do what with a file."""

    mode: int
    """Permission bits."""
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """One PBX. What is unknown is empty, and says nothing."""

    files: Mapping[str, str] = field(repr=False)
    """Path → text of Asterisk's configuration folder. They hold passwords."""
    etc: str = ETC
    modes: Mapping[str, FileMode] = field(default_factory=dict)
    """Path relative to the configuration folder, or absolute for what lies elsewhere."""
    secrets: Mapping[str, FileMode] = field(default_factory=dict)
    """Our folder of passwords and the files in it, by absolute path."""
    listeners: tuple[Listener, ...] = ()
    """Ports that somebody on this machine listens on."""
    audio_socket: str = ""
    """Where our AudioSocket server listens, as configured: "127.0.0.1:9092"; "": unknown."""
    fail2ban: Mapping[str, str] | None = None
    """Path → text of /etc/fail2ban's jails; None: no fail2ban on this machine, or not looked."""
    is_freepbx: bool = False

    def tree(self, root: str) -> Tree | None:
        """Return a root file with all it includes, or None when there is none."""
        return read_tree(self.files, root, self.etc) if root in self.files else None

    def sections(self, root: str) -> tuple[Section, ...]:
        """Return the sections of a root file; none without the file."""
        tree = self.tree(root)
        return tree.objects() if tree else ()

    def section(self, root: str, name: str) -> Section | None:
        """Return the first section of a name, as most of Asterisk's readers do, or None."""
        return next((one for one in self.sections(root) if one.name.lower() == name), None)

    def pjsip(self) -> Site | None:
        """Return the objects of pjsip.conf, or None."""
        tree = self.tree("pjsip.conf")
        return site_of(tree) if tree else None

    def dialplan(self) -> Dialplan:
        """Return the dialplan, empty without extensions.conf."""
        tree = self.tree("extensions.conf")
        return read_dialplan(tree) if tree else Dialplan({})
