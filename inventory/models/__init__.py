"""Tables of the inventory app, one family per module."""

from inventory.models.feed import DeltaToken
from inventory.models.jobs import Job, JobProblem, JobState
from inventory.models.ledger import LedgerHorizon, LedgerOpening, Movement, MovementKind
from inventory.models.members import Membership, Profile
from inventory.models.organization import GraphVersion, Organization
from inventory.models.places import GroupMembership, Location, LocationGroup, Place
from inventory.models.requests import ImportedRecord, ProcessedRequest
from inventory.models.stock import Item, PoolBalance, Promise, StockRecord

__all__ = [
    "DeltaToken",
    "GraphVersion",
    "GroupMembership",
    "ImportedRecord",
    "Item",
    "Job",
    "JobProblem",
    "JobState",
    "LedgerHorizon",
    "LedgerOpening",
    "Location",
    "LocationGroup",
    "Membership",
    "Movement",
    "MovementKind",
    "Organization",
    "Place",
    "PoolBalance",
    "ProcessedRequest",
    "Profile",
    "Promise",
    "StockRecord",
]
