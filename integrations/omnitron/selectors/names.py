"""Finding channels and stock lists by what people call them."""

from integrations.omnitron.models import Channel, StockList
from inventory.errors import EntityNotFound


def channel_named(organization_id: int, name: str) -> Channel:
    """Return the channel; EntityNotFound."""
    channel = Channel.objects.filter(organization_id=organization_id, name=name).first()
    if channel is None:
        message = f"No channel exists with the name '{name}'."
        raise EntityNotFound(message)
    return channel


def stock_list_named(organization_id: int, name: str) -> StockList:
    """Return the stock list; EntityNotFound."""
    stock_list = StockList.objects.filter(organization_id=organization_id, name=name).first()
    if stock_list is None:
        message = f"No stock list exists with the name '{name}'."
        raise EntityNotFound(message)
    return stock_list
