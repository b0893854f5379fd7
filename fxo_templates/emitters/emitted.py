"""What one emitter gives, and the sheet on which it collects parameters in their order."""

from dataclasses import dataclass, field

from fxo_templates.country import Mark
from fxo_templates.model import Device, DeviceFile, Setting, Words


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something asked for that the file cannot say; a person has to do it, or to do without."""

    field: str
    """The field of `Device`: "hang_up.polarity_reversal"."""
    why: Words


@dataclass(frozen=True, slots=True)
class Emitted:
    """The files of one device, and every parameter in them with how far it may be trusted."""

    files: tuple[DeviceFile, ...] = ()
    settings: tuple[Setting, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(slots=True)
class Sheet:
    """Parameters in the order in which they are written; no key twice."""

    settings: list[Setting] = field(default_factory=list)

    def add(self, key: str, value: str | int, mark: Mark = "sourced", why: Words | None = None) -> None:
        """Append one parameter; `why` is told to the person when it is not sourced."""
        if any(setting.key == key for setting in self.settings):
            raise AssertionError(f"{key} is set twice")
        self.settings.append(Setting(key, str(value), mark, why))


def file_stem(device: Device) -> str:
    """Return what names the device's file: its MAC, or the gateway's id as long as the MAC is not known."""
    return device.mac or device.gateway_id


def yes_no(value: bool) -> str:
    """Return "yes" or "no"."""
    return "yes" if value else "no"


def answer_delay_ms(device: Device) -> int:
    """Return after how long a device that counts time, not rings, may answer: the caller's number has arrived by then.

    Between the first and the second ring: the first ring and two seconds (0.5 s of silence, less than 1 s of data).
    Before the first ring: one second. Rings asked for beyond that are added as whole cycles.
    """
    cadence = device.country.ring.cadence_ms or ((1000, 4000),)
    needed = device.country.caller_id.rings_needed
    start = cadence[0][0] + 2000 if needed > 1 else 1000
    cycle = sum(on + off for on, off in cadence)
    return start + max(0, device.rings_before_answer - needed) * cycle


def ring_timeout_seconds(device: Device) -> int:
    """Return after how much silence a caller has given up: more than the gap between two rings, 6 s at least."""
    return max(6, device.country.ring.longest_gap_ms // 1000 + 2)
