"""The whole config: how calls reach us."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.model.carrier import CarrierGradeConfig
from provisioning.model.dids import DIDNumber
from provisioning.model.gateway import FXOGatewayConfig
from provisioning.model.part import Part
from provisioning.model.site import SiteConfig
from provisioning.model.words import ObjectId


class TelephonyReceptionConfig(Part):
    """`telephony.toml`. `method`, `fxo_gateway` and `carrier_grade` are those of the users' documents and describe one
    way in; `gateways` and `carriers` hold as many as there are, by name. Both may be used together."""

    method: Literal["", "fxo_gateway", "carrier_grade"] = ""
    """Which of the two single ways in below is used; "": neither, only the named ones."""
    fxo_gateway: FXOGatewayConfig | None = None
    """The one gateway, with method "fxo_gateway"."""
    carrier_grade: CarrierGradeConfig | None = None
    """The one carrier, with method "carrier_grade"."""

    site: SiteConfig = SiteConfig()
    """The PBX itself."""
    gateways: dict[ObjectId, FXOGatewayConfig] = Field(default_factory=dict)
    """Analogue gateways, by name."""
    carriers: dict[ObjectId, CarrierGradeConfig] = Field(default_factory=dict)
    """Carriers' trunks, by name."""

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        if self.method == "fxo_gateway" and self.fxo_gateway is None:
            raise ValueError('method "fxo_gateway" needs the table fxo_gateway')
        if self.method == "carrier_grade" and self.carrier_grade is None:
            raise ValueError('method "carrier_grade" needs the table carrier_grade')
        both = sorted(set(self.all_gateways()) & set(self.all_carriers()))
        if both:
            raise ValueError(f"{both[0]!r} is the name of a gateway and of a carrier")
        if self.method == "fxo_gateway" and "gateway" in self.gateways:
            raise ValueError("gateways.gateway and fxo_gateway are the same: rename one")
        if self.method == "carrier_grade" and "carrier" in self.carriers:
            raise ValueError("carriers.carrier and carrier_grade are the same: rename one")
        return self

    def all_gateways(self) -> dict[str, FXOGatewayConfig]:
        """Return every gateway by name; the one of `fxo_gateway` is called "gateway"."""
        single = {"gateway": self.fxo_gateway} if self.method == "fxo_gateway" and self.fxo_gateway else {}
        return {**single, **self.gateways}

    def all_carriers(self) -> dict[str, CarrierGradeConfig]:
        """Return every carrier by name; the one of `carrier_grade` is called "carrier"."""
        single = {"carrier": self.carrier_grade} if self.method == "carrier_grade" and self.carrier_grade else {}
        return {**single, **self.carriers}

    def key_of(self, trunk: str) -> str:
        """Return where a gateway or carrier stands in the file, like "gateways.oficina" or "fxo_gateway"."""
        if trunk in self.gateways:
            return f"gateways.{trunk}"
        if trunk in self.carriers:
            return f"carriers.{trunk}"
        return "fxo_gateway" if trunk == "gateway" else "carrier_grade"

    def all_dids(self) -> Iterator[tuple[str, int, DIDNumber]]:
        """Yield (trunk, position in its list, number) for every number, active or not."""
        ways_in: dict[str, FXOGatewayConfig | CarrierGradeConfig] = {**self.all_gateways(), **self.all_carriers()}
        for trunk, way_in in ways_in.items():
            for position, did in enumerate(way_in.dids):
                yield trunk, position, did
