"""An Asterisk of paper: reads a configuration folder when told to reload, and prints what the real one would print.

For tests of whatever stands on `AsteriskControl`. It knows what applying asks for, and no more. As the real one, it
keeps an object's old self (or has none) when the new one holds an option it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provisioning.applying.errors import AsteriskUnreachable
from provisioning.applying.expectations import PJSIP_SHOWN, Step, dialplan_of
from provisioning.applying.families import FAMILIES, NEEDED
from provisioning.applying.option_values import codec_list
from provisioning.asterisk_conf.including import read_folder
from provisioning.asterisk_conf.parsing import Section, read_tree

UNKNOWN_OPTION: Final = "allow_guest"
"""PJSIP has no such option."""

_TITLES: Final = {
    "endpoint": "Endpoint",
    "aor": "Aor",
    "auth": "Auth",
    "identify": "Identify",
    "transport": "Transport",
}
_PLURALS: Final = {kind: f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s" for kind in PJSIP_SHOWN}


@dataclass(slots=True)
class PaperAsterisk:
    """One console; begins with what the folder holds."""

    folder: Path
    is_running: bool = True
    commands: list[str] = field(default_factory=list)
    """Everything it was asked."""
    forgets: frozenset[tuple[str, str]] = frozenset()
    """(kind, id) of objects that it loses whatever the files say."""
    log: Path | None = None
    """Where it writes its errors, as `ERROR[1] …` lines."""
    _objects: dict[tuple[str, str], Section] = field(default_factory=dict, repr=False)
    _steps: dict[tuple[str, str, int], Step] = field(default_factory=dict)
    _includes: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in ("pjsip", "extensions", "ari", "manager", "acl"):
            self._load(name)

    @property
    def reloads(self) -> list[str]:
        """Return the commands that made it read files again."""
        return [command for command in self.commands if "reload" in command]

    def cli(self, command: str) -> str:
        """Return what the real one would print. Raises: AsteriskUnreachable when it does not run."""
        if not self.is_running:
            raise AsteriskUnreachable("Unable to connect to remote asterisk")
        self.commands.append(command)
        for family in FAMILIES:
            if command == family.command or (
                family.modules and command.startswith(f"module reload {family.modules[0]}")
            ):
                self._load(family.name)
                return "reloaded successfully\n"
        match command.split():
            case ["core", "waitfullybooted"]:
                return "Asterisk has fully booted.\n"
            case ["core", "show", "settings"]:
                return f"  Configuration directory:     {self.folder}\n"
            case ["module", "show"]:
                modules = {module for family in FAMILIES for module in family.modules} | set(NEEDED.values())
                return "".join(f"{name:30} A module 0 Running core\n" for name in modules if name.endswith(".so"))
            case ["pjsip", "list", plural]:
                return self._list(next(kind for kind, name in _PLURALS.items() if name == plural))
            case ["pjsip", "show", kind, name]:
                return self._show(kind, name)
            case ["dialplan", "show"]:
                return self._dialplan()
            case ["ari", "show", "users"]:
                names = [name for kind, name in self._objects if kind == "ari"]
                return "r/o?  ACL?  Username\n----  ----  --------\n" + "".join(f"No    No    {n}\n" for n in names)
            case ["manager", "show", "users"]:
                names = [name for kind, name in self._objects if kind == "manager"]
                return "\nusername\n--------\n" + "\n".join(names) + "\n-------------------\n"
            case ["ari" | "manager" as family_name, "show", "user", name]:
                section = self._objects[family_name, name]
                words = {"read": "read perm", "write": "write perm", "read_only": "Read only?"}
                return "".join(f"{title}: {section.get(key) or ''}\n" for key, title in words.items())
            case ["acl", "show"]:
                return "\nacl\n---\n" + "".join(f"{name}\n" for kind, name in self._objects if kind == "acl")
            case _:
                return f"No such command '{command}'\n"

    def _load(self, family: str) -> None:
        tree = read_tree(read_folder(self.folder), f"{family}.conf", str(self.folder))
        if tree.is_refused:
            return
        if family == "extensions":
            self._steps, self._includes = dialplan_of(tree, frozenset(tree.files))
            return
        new: dict[tuple[str, str], Section] = {}
        for section in tree.objects():
            key = (section.get("type") or "?" if family == "pjsip" else family), section.name
            if section.get(UNKNOWN_OPTION) is None:
                new[key] = section
                continue
            self._complain(f"Could not create an object of type '{key[0]}' with id '{key[1]}' from {family}.conf")
            if key in self._objects:
                new[key] = self._objects[key]
        others = {key: section for key, section in self._objects.items() if _family(key[0]) != family}
        self._objects = others | {key: section for key, section in new.items() if key not in self.forgets}

    def _complain(self, text: str) -> None:
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"[now] ERROR[1] res_sorcery_config.c: {text}\n")

    def _list(self, kind: str) -> str:
        title = _TITLES.get(kind)
        lines = [f" {title}:  {name}" if title else f" {name}/sip:x" for of, name in self._objects if of == kind]
        return "\n".join([*lines, "", f"Objects found: {len(lines)}", ""])

    def _show(self, kind: str, name: str) -> str:
        section = self._objects.get((kind, name))
        if section is None:
            return f"Unable to find object {name}.\n"
        lines = ["", " ParameterName : ParameterValue", " ====="]
        for entry in section.entries:
            if entry.key in ("set_var", "allow", "disallow"):
                continue
            lines.append(f" {entry.key} : {entry.value}")
        lines += [f" {name} : {value}" for name, _, value in (one.partition("=") for one in section.all("set_var"))]
        codecs = codec_list(
            [(entry.key, entry.value) for entry in section.entries if entry.key in ("allow", "disallow")]
        )
        return "\n".join([*lines, f" allow : ({'|'.join(codecs or ())})", ""])

    def _dialplan(self) -> str:
        lines: list[str] = []
        context = extension = ""
        for key in sorted(self._steps):
            step = self._steps[key]
            if step.context != context:
                lines.append(f"[ Context '{step.context}' created by 'pbx_config' ]")
                context, extension = step.context, ""
            name, _, caller = step.extension.partition("/")
            match = f" (CID match '{caller}')" if caller else ""
            start = f"  '{name}'{match} =>" if step.extension != extension else f"     [{step.label}]"
            extension = step.extension
            number = f"{step.priority}." if step.priority else "hint:"
            application = step.application if "(" in step.application or not step.priority else f"{step.application}()"
            lines.append(f"{start}  {number} {application}  [extensions.conf:1]")
        for context, included in sorted(self._includes):
            lines += [f"[ Context '{context}' created by 'pbx_config' ]", f"  Include =>  '{included}'  [pbx_config]"]
        return "\n".join([*lines, ""])


def _family(kind: str) -> str:
    return kind if kind in ("ari", "manager", "acl") else "pjsip"


def folder_with(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Return a configuration folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
    return folder
