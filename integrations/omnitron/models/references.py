"""References that the database does not check.

Organizations, items, channels and stock lists are never deleted, and a check would lock the one
row that all orders of a shop share, at every commit.
"""

from typing import Any

from django.db import models

UNCHECKED: Any = {"on_delete": models.PROTECT, "db_constraint": False, "db_index": False}
