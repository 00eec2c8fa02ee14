"""Making stock lists and channels; for commands and admin pages."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from django.db import IntegrityError, transaction

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import Channel, MappingEffect, StockList
from inventory.models import Location, LocationGroup


def create_stock_list(
    *,
    organization_id: int,
    name: str,
    place: str,
    code: str = "",
    is_auto_sync: bool = False,
    on_mapping: MappingEffect = MappingEffect.RELEASE,
) -> StockList:
    """Create a stock list that stands for the place of that identifier, a location or a group.

    Raises InvalidFields: unknown place, name or code taken, a group list that should fulfil.
    """
    here = {"organization_id": organization_id, "identifier": place, "is_retired": False}
    location = Location.objects.filter(**here).first()
    group = None if location is not None else LocationGroup.objects.filter(**here).first()
    if location is None and group is None:
        raise _invalid("place", f"No location or group exists with ID '{place}'.")
    if group is not None and on_mapping == MappingEffect.FULFIL:
        raise _invalid(
            "on_mapping", "Only the list of a location can fulfil: a group has no shelf."
        )
    try:
        with transaction.atomic():  # not durable: the admin saves inside a transaction
            return StockList.objects.create(
                organization_id=organization_id,
                name=_named(name),
                code=code,
                is_auto_sync=is_auto_sync,
                location=location,
                group=group,
                on_mapping=on_mapping,
            )
    except IntegrityError as error:
        field = "code" if "stock_list_code_unique" in str(error) else "name"
        raise _invalid(field, f"A stock list with this {field} exists.") from error


def create_channel(
    *,
    organization_id: int,
    name: str,
    stock_list: str = "",
    extra_stock_lists: Sequence[str] = (),
) -> Channel:
    """Create a channel; `stock_list` is the name of its catalogue's list, none when empty.

    Raises InvalidFields: name taken, unknown list.
    """
    lists = _lists_named(organization_id, {*extra_stock_lists, stock_list} - {""})
    try:
        with transaction.atomic():
            channel = Channel.objects.create(
                organization_id=organization_id,
                name=_named(name),
                stock_list=lists.get(stock_list),
            )
            channel.extra_stock_lists.set([lists[each] for each in extra_stock_lists])
    except IntegrityError as error:
        raise _invalid("name", "A channel with this name exists.") from error
    return channel


def _lists_named(organization_id: int, names: AbstractSet[str]) -> dict[str, StockList]:
    found = StockList.objects.filter(organization_id=organization_id, name__in=names)
    lists = {each.name: each for each in found}
    unknown = names - lists.keys()
    if unknown:
        raise _invalid("stock_list", f"No stock list exists with the name '{min(unknown)}'.")
    return lists


def _named(name: str) -> str:
    if not name or len(name) > 128:  # noqa: PLR2004  # the column's length
        raise _invalid("name", "A name has 1 to 128 characters.")
    return name


def _invalid(field: str, message: str) -> InvalidFields:
    return InvalidFields({field: [message]}, code="invalid")
