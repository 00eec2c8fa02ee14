"""One sentence that tells a merchandiser why a quantity fits, or why it does not.

The numbers in the sentence are the numbers that decided: they come from the witness, the minimum
cut. Groups are written *so*, locations plainly, quantities as decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.domain.network import Locations
from inventory.domain.quantity import to_json_number
from inventory.domain.witness import Witness, group_witness, location_witness

_LISTED = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a quantity fits, what does, and why."""

    fits: bool
    available: int
    sentence: str
    witness: Witness


def explain_group(
    *, group: str, quantity: int, locations: Locations, promises: Mapping[str, int]
) -> Explanation:
    """Explain whether the group can promise the quantity."""
    witness = group_witness(group=group, quantity=quantity, locations=locations, promises=promises)
    stocked = [name for name in witness.here if locations[name][0]]
    verb, place = "promised", f"in *{group}*"
    return _explained(witness, verb, place, _group_reason(witness, stocked))


def explain_location(
    *, location: str, quantity: int, locations: Locations, promises: Mapping[str, int]
) -> Explanation:
    """Explain whether the quantity can be reserved at the location."""
    witness = location_witness(
        location=location, quantity=quantity, locations=locations, promises=promises
    )
    return _explained(witness, "reserved", f"at {location}", _location_reason(witness))


def _explained(witness: Witness, verb: str, place: str, reason: str) -> Explanation:
    available = _decimal(witness.available)
    fits = witness.quantity <= witness.available
    if fits:
        sentence = f"{_decimal(witness.quantity)} can be {verb} {place}: {available} available."
    else:
        rest = f"{available} can be {verb}" if witness.available else f"nothing can be {verb}"
        sentence = (
            f"{_decimal(witness.quantity)} cannot be {verb} {place}: {reason}; {rest}"
            f"{_oversold(witness)}."
        )
    return Explanation(fits=fits, available=witness.available, sentence=sentence, witness=witness)


def _group_reason(witness: Witness, stocked: Sequence[str]) -> str:
    if not witness.here:
        return "no location of the group holds this item"
    if not stocked:
        return f"nothing is free at {_plural('its location', witness.here)} {_list(witness.here)}"
    has = "has" if len(stocked) == 1 else "have"
    only = "" if witness.promised else "only "
    free = f"{has} {only}{_decimal(witness.free_here)} free"
    reason = f"{_plural('its location', stocked)} {_list(stocked)} {free}"
    takers = []
    if witness.own:
        takers.append(f"*{witness.asked}* itself already promises {_decimal(witness.own)} of them")
    if witness.others:
        takers.append(_others(witness))
    return f"{reason}, but {' and '.join(takers)}" if takers else reason


def _location_reason(witness: Witness) -> str:
    if witness.others:
        return f"it has {_decimal(witness.free_here)} free, but {_others(witness)}"
    if witness.free_here:
        return f"it has only {_decimal(witness.free_here)} free"
    return "it has nothing free"


def _others(witness: Witness) -> str:
    """Say what the other groups must take here, and why nowhere else."""
    names = [f"*{name}*" for name, _ in witness.others]
    one = len(names) == 1
    needed = f"{_decimal(witness.needed)} of them"
    if not witness.elsewhere:
        promise = "already promises" if one else "together already promise"
        return f"{_list(names)} {promise} {needed} and can be served nowhere else"
    need, promise = ("needs", "it promises") if one else ("together need", "they promise")
    elsewhere = f"only {_decimal(witness.elsewhere)} of what {promise} can be served elsewhere"
    return f"{_list(names)} {need} {needed}, because {elsewhere}"


def _oversold(witness: Witness) -> str:
    if not witness.oversold:
        return ""
    oversold = _decimal(witness.oversold)
    return f", and {oversold} already promised cannot be served: the item is oversold"


def _plural(noun: str, things: Sequence[str]) -> str:
    return noun if len(things) == 1 else f"{noun}s"


def _list(names: Sequence[str]) -> str:
    """Return "a", "a, b", "a, b, c", then "a, b and 2 more"."""
    if len(names) <= _LISTED:
        return ", ".join(names)
    shown = _LISTED - 1
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def _decimal(thousandths: int) -> str:
    return str(to_json_number(thousandths))
