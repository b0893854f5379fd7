"""The words Spanish numbers are made of, as they stand before a masculine noun; read by ears, said by mouths."""

from typing import Final

BELOW_THIRTY: Final = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiún", "veintidós",
    "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
"""By value."""
TENS: Final = (
    "", "diez", "veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa",
)  # fmt: skip
"""By tens."""
HUNDREDS: Final = (
    "", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos",
    "seiscientos", "setecientos", "ochocientos", "novecientos",
)  # fmt: skip
"""By hundreds; exactly a hundred is "cien"."""


def feminine(hundreds: str) -> str:
    """Return a word of `HUNDREDS` as it stands before a feminine noun: "doscientas"."""
    return hundreds.removesuffix("os") + "as" if hundreds.endswith("os") else hundreds
