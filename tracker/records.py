"""``NamedTuple`` as ``typing`` has it, made in an eighth of the time.

A start makes some ninety classes of records, and instances of a third of them. Python compiles a
constructor and every annotation of each class at once, which takes nearly as long as ``import
click``. Here a class gets its constructor when its first instance is made, and annotations are left
as they stand. For type checkers it is ``typing.NamedTuple`` itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or sys.version_info >= (3, 14):  # where fields are not to be read from the body
    from typing import NamedTuple
else:
    from _collections import _tuplegetter

    class _Fields(type):
        """Makes a class of records from the annotations and defaults in its body."""

        def __new__(
            cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any
        ) -> type:
            if getattr(bases[0], "_fields", None) != ():  # the first of all, or below a record
                return super().__new__(cls, name, bases, body, **options)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            if defaults and tuple(defaults) != fields[-len(defaults) :]:
                raise TypeError(f"{name}: a field without a default follows one that has one")
            for place, field in enumerate(fields):
                body[field] = _tuplegetter(place, None)
            body.update(
                __slots__=(), _fields=fields, _field_defaults=defaults, __match_args__=fields,
                __new__=_first,
            )  # fmt: skip
            return super().__new__(cls, name, bases, body, **options)

    def _first(cls: type, /, *values: Any, **named: Any) -> Any:
        """The first instance of a class: its constructor is compiled, and stands here from now."""
        made = next(each for each in cls.__mro__ if "_fields" in vars(each))
        names = ", ".join(made._fields)
        constructor = eval(  # noqa: S307 - the names of a class body are identifiers
            f"lambda _cls, {names}: _new(_cls, ({names},))" if names else "lambda _cls: _new(_cls)",
            {"_new": tuple.__new__, "__builtins__": {}, "__name__": made.__module__},
        )
        constructor.__defaults__ = tuple(made._field_defaults.values())
        constructor.__name__ = "__new__"
        constructor.__qualname__ = f"{made.__qualname__}.__new__"
        made.__new__ = constructor
        return constructor(cls, *values, **named)

    class NamedTuple(tuple, metaclass=_Fields):
        """A tuple whose places have names: see ``typing.NamedTuple``."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}  # noqa: RUF012 - an annotation would be told of as a field

        @classmethod
        def _make(cls, values: Any) -> Any:
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **named: Any) -> Any:
            made = self._make(map(named.pop, self._fields, self))
            if named:
                raise ValueError(f"Got unexpected field names: {list(named)!r}")
            return made

        __replace__ = _replace

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            values = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({values})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)


__all__ = ["NamedTuple"]
