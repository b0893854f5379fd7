"""The front door: a `Device` goes in; its files, its checklist and what is not yet proven come out."""

from fxo_templates.checklist import checklist_markdown
from fxo_templates.checks import check
from fxo_templates.country import CountryProfile
from fxo_templates.country_file import country_profile, load_profile, write_profile
from fxo_templates.emit import emit
from fxo_templates.model import (
    Device,
    DeviceFile,
    DeviceOutput,
    HangUpSignals,
    Line,
    ModelInfo,
    Note,
    Step,
)
from fxo_templates.models import MODELS
from fxo_templates.notes import notes_for
from fxo_templates.steps import steps

__all__ = [
    "MODELS",
    "CountryProfile",
    "Device",
    "DeviceFile",
    "DeviceOutput",
    "HangUpSignals",
    "Line",
    "ModelInfo",
    "Note",
    "Step",
    "checklist_markdown",
    "country_profile",
    "load_profile",
    "produce",
    "write_profile",
]


def produce(device: Device) -> DeviceOutput:
    """Return the device's files, its checklist in Spanish and English, and the notes.

    Raises: ConfigurationError naming the field, when the device cannot do what is asked or a value could break a file.
    """
    check(device)
    emitted = emit(device)
    return DeviceOutput(
        files=emitted.files,
        checklist={"es": steps(device, "es"), "en": steps(device, "en")},
        notes=notes_for(device, emitted),
    )
