"""From a JSON object to a frozen dataclass and back: the annotations are the schema, compiled once per class.

Understood are str, int, float, bool, `X | None`, `tuple[X, ...]`, string-keyed mappings and other dataclasses. Keys
the class does not name are ignored, because Asterisk adds some with every release; a missing key is filled from the
field's default, and is an error where there is none.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")
Reader = Callable[[Any], Any]


class ShapeError(ValueError):
    """The JSON has another shape than the class; the message names the key, never the value."""


_COMPILED: Final[dict[Any, Reader]] = {}


def reader_of(shape: Any) -> Reader:
    """Return the function that reads a JSON value of this annotation; it raises `ShapeError`."""
    if shape not in _COMPILED:
        _COMPILED[shape] = _compile(shape)
    return _COMPILED[shape]


def _compile(shape: Any) -> Reader:
    if dataclasses.is_dataclass(shape):
        return _dataclass_reader(typing.cast(type, shape))
    if shape in (str, bool):
        return _exact_reader(shape)
    if shape is int:
        return _read_int
    if shape is float:
        return _read_float
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if origin in (typing.Union, types.UnionType) and len(arguments) == 2 and arguments[1] is type(None):
        return _optional_reader(reader_of(arguments[0]))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _list_reader(reader_of(arguments[0]))
    if origin is Mapping:
        return _exact_reader(dict)
    raise TypeError(f"no JSON reader for {shape}")


def read(shape: type[T], value: Any) -> T:
    """Read one JSON value as `shape`.

    Raises: ShapeError.
    """
    return typing.cast(T, reader_of(shape)(value))


def to_json_object(value: Any) -> Any:
    """Turn a dataclass, and what it holds, into plain JSON values; shared by every message we send."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_json_object(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list | frozenset):
        return [to_json_object(item) for item in value]
    return value


def _dataclass_reader(shape: type) -> Reader:
    hints = typing.get_type_hints(shape)
    plan = [(field.name, reader_of(hints[field.name]), _is_required(field)) for field in dataclasses.fields(shape)]

    def read_object(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ShapeError(f"{shape.__name__} is no object")
        fields = {}
        for name, read_field, is_required in plan:
            if name in value:
                try:
                    fields[name] = read_field(value[name])
                except ShapeError as exc:
                    raise ShapeError(f"{shape.__name__}.{name}: {exc}") from exc
            elif is_required:
                raise ShapeError(f"{shape.__name__}.{name} is missing")
        return shape(**fields)

    return read_object


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _exact_reader(wanted: type) -> Reader:
    def read_exact(value: Any) -> Any:
        if type(value) is not wanted:
            raise ShapeError(f"{type(value).__name__} is no {wanted.__name__}")
        return value

    return read_exact


def _read_int(value: Any) -> int:
    if type(value) is not int:  # a bool is an int to isinstance, never to us
        raise ShapeError(f"{type(value).__name__} is no int")
    return value


def _read_float(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise ShapeError(f"{type(value).__name__} is no number")
    return float(value)


def _optional_reader(read_item: Reader) -> Reader:
    def read_optional(value: Any) -> Any:
        return None if value is None else read_item(value)

    return read_optional


def _list_reader(read_item: Reader) -> Reader:
    def read_list(value: Any) -> Any:
        if not isinstance(value, list):
            raise ShapeError(f"{type(value).__name__} is no list")
        return tuple([read_item(item) for item in value])

    return read_list
