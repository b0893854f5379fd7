"""Which emitter makes the files of which model."""

from collections.abc import Callable, Mapping
from typing import Final

from fxo_templates.emitters import audiocodes, gxw410x, ht813, mediatrix, obi, smartnode, spa3102
from fxo_templates.emitters.emitted import Emitted
from fxo_templates.model import Device

EMITTERS: Final[Mapping[str, Callable[[Device], Emitted]]] = {
    "gxw4104": gxw410x.emit,
    "gxw4108": gxw410x.emit,
    "ht813": ht813.emit,
    "ht503": ht813.emit,
    "spa3102": spa3102.emit,
    "mp114": audiocodes.emit,
    "mp118": audiocodes.emit,
    "smartnode-trinity": smartnode.emit,
    "smartnode-smartware": smartnode.emit,
    "obi110": obi.emit,
    "obi212": obi.emit,
    "mediatrix-c7": mediatrix.emit,
}


def emit(device: Device) -> Emitted:
    """Return the device's files; none for a model that is set up by hand.

    Raises: ConfigurationError when the device cannot take a value.
    """
    emitter = EMITTERS.get(device.model)
    return emitter(device) if emitter else Emitted()
