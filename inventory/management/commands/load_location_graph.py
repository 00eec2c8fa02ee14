"""manage.py load_location_graph: the older name of import_graph."""

from inventory.management.commands.import_graph import Command

__all__ = ["Command"]
