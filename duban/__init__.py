"""Duban 督办: keeps the promises of government service halls.

What a hall system imports: `from duban import Producer, Event, Actor, Basis`. The names load on
first use, so importing the package alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duban.bus import BrokerAway as BrokerAway
    from duban.bus import DeliveryError as DeliveryError
    from duban.bus import Producer as Producer
    from duban.contracts import ContractError as ContractError
    from duban.events import Actor as Actor
    from duban.events import Basis as Basis
    from duban.events import Event as Event
    from duban.events import Evidence as Evidence

_HOMES = {
    "Actor": "duban.events",
    "Basis": "duban.events",
    "BrokerAway": "duban.bus",
    "ContractError": "duban.contracts",
    "DeliveryError": "duban.bus",
    "Event": "duban.events",
    "Evidence": "duban.events",
    "Producer": "duban.bus",
}

__all__ = [
    "Actor", "Basis", "BrokerAway", "ContractError", "DeliveryError", "Event", "Evidence",
    "Producer",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'duban' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
