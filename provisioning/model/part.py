"""The base of every table of the config: frozen, and a key it does not know is refused by name."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )
