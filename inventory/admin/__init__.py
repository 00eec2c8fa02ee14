"""Inventory's pages of the back office; `inventory.backoffice` is what they are made of."""

from inventory.admin import (
    bulk,
    corrections,
    dashboard,
    explain,
    graph,
    graph_files,
    job_actions,
    job_exports,
    job_imports,
    jobs,
    jobs_board,
    personal,
    places,
    records,
    stock,
    users,
)
from inventory.backoffice.base import ReadOnlyAdmin, quantity

__all__ = [
    "ReadOnlyAdmin",
    "bulk",
    "corrections",
    "dashboard",
    "explain",
    "graph",
    "graph_files",
    "job_actions",
    "job_exports",
    "job_imports",
    "jobs",
    "jobs_board",
    "personal",
    "places",
    "quantity",
    "records",
    "stock",
    "users",
]
