"""Orders in the back office: read, and mapped or released by hand where the ERP does not."""

from integrations.omnitron.admin import by_hand, dashboard, order_items, orders, sales

__all__ = ["by_hand", "dashboard", "order_items", "orders", "sales"]
