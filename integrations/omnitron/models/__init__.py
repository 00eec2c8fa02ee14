"""Tables of the orders app, one family per module."""

from integrations.omnitron.models.cancellations import CancellationPlan, PlanType
from integrations.omnitron.models.mappings import IntegrationMapping, IntegrationType
from integrations.omnitron.models.orders import Order, OrderItem
from integrations.omnitron.models.products import ProductInfo
from integrations.omnitron.models.sales import Channel, MappingEffect, ProductStock, StockList

__all__ = [
    "CancellationPlan",
    "Channel",
    "IntegrationMapping",
    "IntegrationType",
    "MappingEffect",
    "Order",
    "OrderItem",
    "PlanType",
    "ProductInfo",
    "ProductStock",
    "StockList",
]
