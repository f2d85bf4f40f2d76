"""Records behave as those of ``typing`` do, which type checkers take them for."""

from __future__ import annotations

import copy
import pickle
import sys
import typing
from typing import Generic, TypeVar

import pytest

from tracker.records import NamedTuple

T = TypeVar("T")


class Boat(NamedTuple):
    """A boat of the harbor."""

    name: str
    length: float
    crew: tuple[str, ...] = ()

    @property
    def manned(self) -> bool:
        """True where somebody is on board."""
        return bool(self.crew)

    def christened(self, name: str) -> Boat:
        """The same boat with another name."""
        return self._replace(name=name)


class Model(typing.NamedTuple):
    """What Python makes of the same."""

    name: str
    length: float
    crew: tuple[str, ...] = ()


class Empty(NamedTuple):
    """A record without fields."""


class Box(NamedTuple, Generic[T]):
    """A record of anything."""

    content: T


class Ferry(Boat):
    """A record below another."""


def test_an_instance_is_the_tuple_of_its_fields() -> None:
    boat = Boat("Ada", 12.5)
    assert tuple(boat) == ("Ada", 12.5, ())
    assert (boat.name, boat.length, boat.crew) == ("Ada", 12.5, ())
    assert Boat(length=3.0, name="Eve", crew=("Tom",)).manned
    assert isinstance(boat, tuple)
    assert hash(boat) == hash(("Ada", 12.5, ()))
    assert repr(boat) == "Boat(name='Ada', length=12.5, crew=())"
    assert not hasattr(boat, "__dict__")
    with pytest.raises(AttributeError):
        boat.name = "Eve"  # type: ignore[misc]


@pytest.mark.parametrize(
    "call",
    [
        lambda made: made("Ada"),
        lambda made: made("Ada", 1.0, (), "more"),
        lambda made: made("Ada", 1.0, name="Eve"),
        lambda made: made("Ada", 1.0, masts=2),
        lambda made: made._make(["Ada"]),
    ],
)
@pytest.mark.parametrize("made", [Boat, Model])
def test_what_python_refuses_is_refused(
    made: typing.Any, call: typing.Callable[[typing.Any], object]
) -> None:
    with pytest.raises(TypeError):
        call(made)


def test_the_first_instance_may_be_of_a_class_below() -> None:
    class Base(NamedTuple):
        name: str

    class Below(Base):
        pass

    assert type(Below("Ada")) is Below
    assert type(Base("Ada")) is Base
    assert type(Ferry("Ada", 90.0)) is Ferry


def test_replaced_copied_and_pickled_records_keep_their_class() -> None:
    boat = Boat("Ada", 12.5, ("Tom",))
    assert boat.christened("Eve") == Boat("Eve", 12.5, ("Tom",))
    assert type(boat._replace(length=1.0)) is Boat
    for same in (copy.copy(boat), copy.deepcopy(boat), pickle.loads(pickle.dumps(boat))):
        assert same == boat
        assert type(same) is Boat
    with pytest.raises((TypeError, ValueError), match="masts"):
        boat._replace(masts=2)  # type: ignore[call-arg]


def test_a_class_tells_of_its_fields_as_pythons_does() -> None:
    for name in ("_fields", "_field_defaults", "__match_args__", "__slots__"):
        assert getattr(Boat, name) == getattr(Model, name)
    assert Boat("Ada", 1.0)._asdict() == Model("Ada", 1.0)._asdict()
    assert Boat.__doc__ == "A boat of the harbor."
    assert typing.get_type_hints(Boat) == typing.get_type_hints(Model)
    match Boat("Ada", 1.0):
        case Boat(name, length):
            assert (name, length) == ("Ada", 1.0)


def test_records_may_be_empty_or_of_any_type() -> None:
    assert Empty() == ()
    assert repr(Empty()) == "Empty()"
    assert Box(3).content == 3
    assert Box[int](3) == (3,)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there it is Python's own NamedTuple")
def test_a_constructor_is_compiled_when_it_is_first_called() -> None:
    class Fresh(NamedTuple):
        name: str

    waiting = Fresh.__new__
    assert Fresh("Ada").name == "Ada"
    assert Fresh.__new__ is not waiting
    with pytest.raises(TypeError, match="follows"):

        class Wrong(NamedTuple):
            name: str = ""
            length: float  # type: ignore[misc]
