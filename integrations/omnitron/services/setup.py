"""Making stock lists and channels; for commands and admin pages."""

from integrations.omnitron.models import Channel, MappingEffect, StockList


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
    raise NotImplementedError


def create_channel(*, organization_id: int, name: str, stock_list: str = "") -> Channel:
    """Create a channel; `stock_list` is the name of its catalogue's list.

    Raises InvalidFields: name taken, unknown list.
    """
    raise NotImplementedError
