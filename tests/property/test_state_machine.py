"""Every write operation, in any order, against a model with claims.

After each step the database must be what the model says: stock, promises, whose unit is whose, the
figures of every place, the answers and refusals; nothing may have moved that was refused, and the
audit must be clean. `HYPOTHESIS_PROFILE=deep` runs for long.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inventory.errors import InsufficientQuantity, Refusal
from inventory.models import Item, Organization, Promise, StockRecord
from inventory.origin import Origin
from inventory.selectors.availability import find_items, group_figures, records_at
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.outcomes import Applied, Outcome
from inventory.services.pools import refresh_stale_pools
from inventory.services.segmentation import SegmentChange, change_segmentation
from inventory.services.stock import StockUpdate, delete_stock_record, update_stock
from reservations.domain.places import PlaceRef
from reservations.models import Claim, Document
from reservations.selectors.audit import audit
from reservations.selectors.documents import document_view
from reservations.services.answers import Answer
from reservations.services.documents import (
    Addition,
    Reservation,
    add_to_document,
    cancel_document,
    reserve,
)
from reservations.services.expiry import expire_due_claims
from reservations.services.operations import (
    Fulfilment,
    Operation,
    Release,
    Transfer,
    apply_operations,
)
from reservations.services.placing import Wanted
from tests.property.model import Model, Refused, Row, Said

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOCATIONS = ("l1", "l2", "l3")
GROUPS = ("east", "west", "all")
SKUS = ("mug", "cup")
DATES = ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")
REFERENCES = ("", "", "order-1", "order-2")

places = st.sampled_from(
    [*(PlaceRef(name, True) for name in GROUPS), *(PlaceRef(name, False) for name in LOCATIONS)]
)
locations = st.sampled_from([PlaceRef(name, False) for name in LOCATIONS])
skus = st.sampled_from((SKUS[0], *SKUS))
quantities = st.sampled_from([1, 1, 2, 2, 3, 5])
references = st.sampled_from(REFERENCES)
seconds = st.sampled_from([None, 60, 120, 600])
moments = st.none() | st.integers(-100, 100).map(lambda s: START + timedelta(seconds=s))
graphs = st.fixed_dictionaries(
    {name: st.frozensets(st.sampled_from(LOCATIONS), min_size=1) for name in GROUPS}
)
lines = st.one_of(
    st.builds(Wanted, skus, places, quantities),
    st.builds(Wanted, skus, places, quantities),
    st.builds(Wanted, skus, locations, quantities, st.sampled_from(["", "set-1", "set-2"])),
)
line_lists = st.lists(lines, min_size=1, max_size=4).map(tuple)
futures = st.lists(st.tuples(st.sampled_from(DATES), st.integers(1, 4)), max_size=2).map(tuple)
records = st.fixed_dictionaries(
    {
        "location": st.sampled_from(LOCATIONS),
        "sku": skus,
        "replaces": st.booleans(),
        "on_hand": st.sampled_from([8, 6, 5, 4, 3, 2, 0, None]),
        "safety_stock": st.none() | st.integers(0, 2),
        "effective_at": moments,
        "futures": st.none() | futures,
        "excluded_groups": st.none()
        | st.lists(st.sampled_from(GROUPS), max_size=2, unique=True).map(tuple),
    }
)
holdings = st.lists(
    st.tuples(st.sampled_from(GROUPS), quantities, seconds, references), min_size=4, max_size=6
)
INDEX = st.integers(0, 1000)

Call = Callable[[], None]


class Reservations(RuleBasedStateMachine):
    """Drives the services and the model with the same requests."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.ids = count(1)
        self.origin = Origin("test")
        self.history: list[Call] = []
        self.sent: list[Sequence[Any]] = []
        self.is_fresh = False
        self.organization = Organization.objects.create(
            identifier=f"machine-{Organization.objects.count()}"
        )
        self.id = self.organization.pk
        self.model = Model(locations=LOCATIONS, groups={})

    @initialize(
        groups=graphs,
        counts=st.lists(st.integers(0, 5), min_size=len(LOCATIONS), max_size=len(LOCATIONS)),
        held=holdings,
    )
    def open_shop(
        self,
        groups: dict[str, frozenset[str]],
        counts: list[int],
        held: list[tuple[str, int, int | None, str]],
    ) -> None:
        """Begin with stock and a few documents: what follows should find something to do."""
        self.change_graph(groups)
        updates = [
            StockUpdate("first", name, SKUS[0], True, on_hand=on_hand, futures=((DATES[0], 2),))
            for name, on_hand in zip(LOCATIONS, counts, strict=True)
        ]
        self._update(updates)
        for group, quantity, expires_in, external_ref in held:
            self._put(
                f"doc-{next(self.ids)}",
                (Wanted(SKUS[0], PlaceRef(group, True), quantity),),
                expires_in=expires_in,
                external_ref=external_ref,
            )

    # Documents

    @rule(
        lines=line_lists,
        expires_in=seconds,
        external_ref=references,
        allow_partial=st.booleans(),
        fulfil_only=st.booleans(),
    )
    def create(self, lines: tuple[Wanted, ...], **terms: Any) -> None:
        self._put(f"doc-{next(self.ids)}", lines, **terms)

    @precondition(lambda self: self.model.documents)
    @rule(
        index=INDEX,
        lines=line_lists,
        expires_in=seconds,
        external_ref=references,
        allow_partial=st.booleans(),
        fulfil_only=st.booleans(),
    )
    def put_again(self, index: int, lines: tuple[Wanted, ...], **terms: Any) -> None:
        """Replace, renew or finalize what is open and temporary."""
        self._put(self._a_document(index), lines, **terms)

    @precondition(lambda self: self.model.documents)
    @rule(index=INDEX, expires_in=seconds, allow_partial=st.booleans())
    def put_same_lines_again(
        self, *, index: int, expires_in: int | None, allow_partial: bool
    ) -> None:
        """Renew or finalize with the lines as they were."""
        identifier = self._a_document(index)
        body = self.model.documents[identifier].body
        self._put(
            identifier,
            body.lines,
            expires_in=expires_in,
            external_ref=body.external_ref,
            allow_partial=allow_partial,
            fulfil_only=False,
        )

    @precondition(lambda self: self.model.documents)
    @rule(index=INDEX, on_hand=st.integers(0, 1), expires_in=seconds, fulfil_only=st.booleans())
    def put_again_after_a_fall(
        self, *, index: int, on_hand: int, expires_in: int | None, fulfil_only: bool
    ) -> None:
        """Renew or finalize what a lower count has left short: nobody loses what they held."""
        identifier = self._a_document(index)
        body = self.model.documents[identifier].body
        shared = f"count-{next(self.ids)}"
        self._update(
            [
                StockUpdate(shared, location, sku, False, on_hand=on_hand)
                for sku in sorted({line.sku for line in body.lines})
                for location in LOCATIONS
            ]
        )
        self._put(
            identifier,
            body.lines,
            expires_in=expires_in,
            external_ref=body.external_ref,
            allow_partial=True,
            fulfil_only=fulfil_only,
        )

    def _put(
        self, identifier: str, lines: tuple[Wanted, ...], *, expires_in: int | None, **terms: Any
    ) -> None:
        ask = Reservation(
            identifier=identifier, lines=lines, expiration_seconds=expires_in, **terms
        )

        def call() -> None:
            self._compare(
                lambda: self.model.reserve(ask, self.now),
                lambda: _said(
                    reserve(
                        organization_id=self.id,
                        reservation=ask,
                        origin=self.origin,
                        now=self.now,
                    )
                ),
            )

        self._do(call, may_raise_short=False)

    @precondition(lambda self: self.model.documents)
    @rule(
        index=INDEX,
        lines=line_lists,
        external_ref=st.none() | references,
        allow_partial=st.booleans(),
        has_id=st.booleans(),
        cancels=st.sampled_from([False, False, False, False, True]),
    )
    def patch(self, *, index: int, cancels: bool, **terms: Any) -> None:
        """Add lines, or cancel; cancelling is kept rare, so that there is something to act on."""
        if cancels:
            self.cancel(index)
        else:
            self.add_lines(index=index, **terms)

    def add_lines(
        self,
        *,
        index: int,
        lines: tuple[Wanted, ...],
        external_ref: str | None,
        allow_partial: bool,
        has_id: bool,
    ) -> None:
        ask = Addition(
            identifier=self._a_document(index),
            lines=lines,
            request_id=f"add-{next(self.ids)}" if has_id else "",
            external_ref=external_ref,
            allow_partial=allow_partial,
        )

        def call() -> None:
            self._compare(
                lambda: self.model.add(ask, self.now),
                lambda: _said(
                    add_to_document(
                        organization_id=self.id, addition=ask, origin=self.origin, now=self.now
                    )
                ),
            )

        self._do(call, may_raise_short=False)

    def cancel(self, index: int) -> None:
        identifier = self._a_document(index)

        def call() -> None:
            self._compare(
                lambda: self.model.cancel(identifier, self.now),
                lambda: cancel_document(
                    organization_id=self.id,
                    identifier=identifier,
                    origin=self.origin,
                    now=self.now,
                ),
            )

        self._do(call, may_raise_short=False)

    @rule(step=st.sampled_from([10, 60, 120]), beats=st.booleans())
    def wait(self, *, step: int, beats: bool) -> None:
        """Time passes; nothing is released by that alone."""
        self.now += timedelta(seconds=step)
        if beats:
            self.expire()

    def expire(self) -> None:
        def call() -> None:
            due = {
                key
                for key in self.model.claims
                if (at := self.model.documents[key[0]].expires_at) is not None and at <= self.now
            }
            self.model.expire(self.now)
            released = expire_due_claims(origin=self.origin, now=self.now)
            assert released >= len(due)

        self._do(call, may_raise_short=False)

    # Operations

    @rule(
        data=st.data(),
        size=st.integers(1, 3),
        one_id=st.booleans(),
        set_id=st.sampled_from(["", "set-1"]),
    )
    def transfer(self, *, data: st.DataObject, size: int, one_id: bool, set_id: str) -> None:
        shared = f"transfer-{next(self.ids)}"
        self._operate(
            [
                self._a_transfer(
                    data, shared if one_id else f"transfer-{next(self.ids)}", set_id=set_id
                )
                for _ in range(size)
            ]
        )

    def _a_transfer(self, data: st.DataObject, request_id: str, *, set_id: str) -> Transfer:
        sku, source, quantity = self._a_holding(data)
        target = self._a_target(data, sku, source)
        harmful = self.model.transfers_that_harm()
        if harmful and data.draw(st.booleans()):
            sku, group, name, quantity = data.draw(st.sampled_from(harmful))
            source, target = PlaceRef(group, True), PlaceRef(name, False)
        is_forced = not target.is_group and data.draw(st.sampled_from([False, False, True]))
        return Transfer(
            request_id=request_id,
            sku=sku,
            source=source,
            target=target,
            quantity=quantity,
            external_ref=data.draw(references),
            set_id=set_id if source.is_group else "",
            is_forced=is_forced,
        )

    def _a_target(self, data: st.DataObject, sku: str, source: PlaceRef) -> PlaceRef:
        """Name another place, mostly one that is associated with the source."""
        if data.draw(st.integers(0, 9)) == 0:
            target = data.draw(locations if source.is_group else places)
        elif source.is_group:
            known = [
                name for name in LOCATIONS if source.identifier in self.model.counted_by(sku, name)
            ]
            target = PlaceRef(data.draw(st.sampled_from(known or LOCATIONS)), False)
        else:
            groups = sorted(self.model.counted_by(sku, source.identifier))
            names = [*groups, *LOCATIONS]
            target = PlaceRef(name := data.draw(st.sampled_from(names)), name in GROUPS)
        if target == source:
            return PlaceRef("l1" if source.identifier != "l1" else "l2", False)
        return target

    @rule(data=st.data(), size=st.integers(1, 3), one_id=st.booleans(), twice=st.booleans())
    def release(self, *, data: st.DataObject, size: int, one_id: bool, twice: bool) -> None:
        shared = f"release-{next(self.ids)}"
        operations = []
        for _ in range(size):
            sku, source, quantity = self._a_holding(data)
            operations.append(
                Release(
                    request_id=shared if one_id else f"release-{next(self.ids)}",
                    sku=sku,
                    source=source,
                    quantity=data.draw(st.sampled_from([quantity] * 9 + [0])),
                    external_ref=data.draw(references),
                )
            )
        self._operate([*operations, operations[0]] if twice else operations)

    @rule(data=st.data(), size=st.integers(1, 3), one_id=st.booleans())
    def fulfil(self, *, data: st.DataObject, size: int, one_id: bool) -> None:
        shared = f"fulfilment-{next(self.ids)}"
        operations = []
        for _ in range(size):
            sku, source, quantity = self._a_holding(data, of=LOCATIONS)
            operations.append(
                Fulfilment(
                    request_id=shared if one_id else f"fulfilment-{next(self.ids)}",
                    sku=sku,
                    source=source,
                    quantity=quantity,
                    external_ref=data.draw(references),
                    fulfilled_at=data.draw(moments),
                )
            )
        self._operate(operations)

    def _a_holding(
        self, data: st.DataObject, *, of: Sequence[str] = (*GROUPS, *LOCATIONS)
    ) -> tuple[str, PlaceRef, int]:
        """Name a SKU, a place and a quantity, mostly of what several documents hold there."""
        held = sorted((sku, place) for _, sku, place in self.model.claims if place in of)
        if len(held) > len(set(held)) and data.draw(st.booleans()):
            held = [at for at in held if held.count(at) > 1]
        if not held or data.draw(st.integers(0, 9)) == 0:
            place = data.draw(st.sampled_from(of))
            return data.draw(skus), PlaceRef(place, place in GROUPS), data.draw(quantities)
        sku, place = data.draw(st.sampled_from(held))
        most = self.model.reserved(sku, place)
        quantity = data.draw(st.integers(1, most) | quantities)
        return sku, PlaceRef(place, place in GROUPS), quantity

    def _operate(self, operations: Sequence[Operation]) -> None:
        def call() -> None:
            self._compare(
                lambda: self.model.apply(operations, self.now),
                lambda: _codes(
                    apply_operations(
                        organization_id=self.id,
                        operations=operations,
                        origin=self.origin,
                        now=self.now,
                    )
                ),
            )

        self.sent.append(operations)
        forced = any(getattr(operation, "is_forced", False) for operation in operations)
        self._do(call, may_raise_short=forced)

    # Stock and graph

    @rule(figures=st.lists(records, min_size=1, max_size=3), one_id=st.booleans())
    def count_stock(self, *, figures: list[dict[str, Any]], one_id: bool) -> None:
        shared = f"count-{next(self.ids)}"
        self._update(
            [
                StockUpdate(shared if one_id else f"count-{next(self.ids)}", **figure)
                for figure in figures
            ]
        )

    @rule(
        location=st.sampled_from(LOCATIONS),
        sku=skus,
        on_hand=st.integers(2, 8),
        expected=st.sampled_from([(), ((DATES[0], 3),)]),
    )
    def restock(
        self, location: str, sku: str, on_hand: int, expected: tuple[tuple[str, int], ...]
    ) -> None:
        update = StockUpdate(
            f"count-{next(self.ids)}", location, sku, True, on_hand=on_hand, futures=expected
        )
        self._update([update])

    def _update(self, updates: Sequence[StockUpdate]) -> None:
        self.sent.append(updates)

        def call() -> None:
            self._compare(
                lambda: self.model.update(updates),
                lambda: _codes(
                    update_stock(
                        organization_id=self.id,
                        operation="count",
                        updates=updates,
                        origin=self.origin,
                        now=self.now,
                    )
                ),
            )

        self._do(call, may_raise_short=True)

    @rule(
        data=st.data(),
        groups=graphs,
        what=st.sampled_from(["delete", "regroup", "refresh", "segment"]),
    )
    def upset(self, *, data: st.DataObject, groups: dict[str, frozenset[str]], what: str) -> None:
        """Do what is rare in life, so that it is not too common here."""
        if what == "delete":
            sku, place, _ = self._a_holding(data, of=LOCATIONS)
            self.delete_record(place.identifier, sku)
        elif what == "regroup":
            self.change_graph(groups)
        elif what == "segment":
            self.segment(
                data.draw(st.sampled_from(GROUPS)),
                data.draw(st.lists(skus, min_size=1, max_size=2).map(tuple)),
                excludes=data.draw(st.booleans()),
            )
        else:
            self.refresh_pools()

    def segment(self, group: str, skus: tuple[str, ...], *, excludes: bool) -> None:
        def call() -> None:
            self._compare(
                lambda: self.model.segment(skus, group, excludes=excludes),
                lambda: change_segmentation(
                    organization_id=self.id,
                    changes=[SegmentChange(group, skus, excludes)],
                    origin=self.origin,
                    now=self.now,
                ),
            )

        self._do(call, may_raise_short=True)

    def delete_record(self, location: str, sku: str) -> None:
        request_id = f"delete-{next(self.ids)}"

        def call() -> None:
            self._compare(
                lambda: self.model.delete(sku, location, request_id),
                lambda: delete_stock_record(
                    organization_id=self.id,
                    location=location,
                    sku=sku,
                    request_id=request_id,
                    origin=self.origin,
                    now=self.now,
                ),
            )

        self._do(call, may_raise_short=True)

    def change_graph(self, groups: dict[str, frozenset[str]]) -> None:
        self.model.groups = dict(groups)
        replace_location_graph(
            organization_id=self.id,
            locations=LOCATIONS,
            groups=[GroupSpec(name, tuple(sorted(members))) for name, members in groups.items()],
            origin=self.origin,
            now=self.now,
        )

    def refresh_pools(self) -> None:
        refresh_stale_pools(now=self.now)
        assert not Item.objects.filter(organization_id=self.id).exclude(
            graph_version=Organization.objects.get(pk=self.id).graph_version
        )

    @precondition(lambda self: self.is_fresh)
    @rule(index=INDEX)
    def repeat(self, index: int) -> None:
        """Send an earlier request again, as it was: what was applied moves nothing."""
        self.is_fresh = False
        self.history[-1 - index % min(len(self.history), 12)]()

    @precondition(lambda self: self.sent)
    @rule(index=INDEX, more=st.integers(1, 2))
    def send_other_bodies(self, index: int, more: int) -> None:
        """Use ids again for something else: refused if they were applied."""
        records = self.sent.pop(-1 - index % min(len(self.sent), 4))
        if isinstance(records[0], StockUpdate):
            self._update([replace(r, on_hand=(r.on_hand or 0) + more) for r in records])
        else:
            self._operate([replace(r, quantity=r.quantity + more) for r in records])

    # Comparing

    def _a_document(self, index: int) -> str:
        """Choose a document, mostly a young one."""
        known = list(self.model.documents)
        return known[-1 - index % min(len(known), 4)]

    def _do(self, call: Call, *, may_raise_short: bool) -> None:
        def checked() -> None:
            short = {sku: self.model.short(sku) for sku in SKUS}
            call()
            if not may_raise_short:
                assert all(self.model.short(sku) <= short[sku] for sku in SKUS)

        self.history.append(checked)
        self.is_fresh = True
        checked()

    def _compare(self, model: Callable[[], Any], service: Callable[[], Any]) -> None:
        before = self._balances()
        sequences = self._sequences()
        expected = _outcome(model)
        assert _agree(_outcome(service), expected)
        if self._balances() == before:
            unmoved = not isinstance(expected, list) or len(expected) == 1
            assert not unmoved or self._sequences() == sequences

    def _balances(self) -> Any:
        """Return what movements record: the ledger must be silent while this stays the same."""
        reserved = {}
        for (_, sku, place), quantity in self.model.claims.items():
            reserved[sku, place] = reserved.get((sku, place), 0) + quantity
        return dict(self.model.rows), reserved, self.model.segmented

    def _sequences(self) -> dict[str, int]:
        """Return how many movements each item has; the audit counts them."""
        items = Item.objects.filter(organization_id=self.id)
        return dict(items.values_list("sku", "sequence"))

    @invariant()
    def stock_is_the_models(self) -> None:
        stored = {
            (row.item.sku, row.location.identifier): row
            for row in StockRecord.objects.filter(item__organization_id=self.id).select_related(
                "item", "location"
            )
        }
        assert {at for at, row in stored.items() if not row.is_deleted} == set(self.model.rows)
        for (sku, place), row in stored.items():
            expected = self.model.rows.get((sku, place), Row())
            assert row.on_hand == expected.on_hand
            assert row.safety_stock == expected.safety_stock
            assert [tuple(future) for future in row.futures] == list(expected.futures)
            assert row.effective_at == expected.effective_at
            assert frozenset(row.excluded_groups) == expected.excluded
            assert row.reserved == self.model.reserved(sku, place)

    @invariant()
    def claims_are_the_models(self) -> None:
        held: dict[tuple[str, str, str], int] = {}
        for document, sku, place, quantity in Claim.objects.filter(
            document__organization_id=self.id
        ).values_list("document__identifier", "item__sku", "place__identifier", "quantity"):
            key = (document, sku, place)
            held[key] = held.get(key, 0) + quantity
        assert held == self.model.claims
        promises = Promise.objects.filter(item__organization_id=self.id, quantity__gt=0)
        assert {
            (sku, group): quantity
            for sku, group, quantity in promises.values_list(
                "item__sku", "group__identifier", "quantity"
            )
        } == {
            (sku, place): self.model.reserved(sku, place)
            for _, sku, place in self.model.claims
            if place in GROUPS
        }

    @invariant()
    def documents_are_the_models(self) -> None:
        stored = {d.identifier: d for d in Document.objects.filter(organization_id=self.id)}
        assert stored.keys() == self.model.documents.keys()
        for identifier, expected in self.model.documents.items():
            assert stored[identifier].expires_at == expected.expires_at
            assert stored[identifier].external_ref == expected.external_ref
        for identifier in list(self.model.documents)[-1:]:
            view = document_view(organization_id=self.id, identifier=identifier, now=self.now)
            assert view.state == self.model.state(identifier, self.now)
            assert view.placed == self.model.documents[identifier].placed

    @invariant()
    def figures_are_the_laws(self) -> None:
        found = find_items(self.id, skus=SKUS)
        if not found.graph.groups:
            return
        ids = {name: found.graph.locations[name] for name in LOCATIONS}
        items = {sku: item.id for sku, item in found.items.items()}
        at = records_at(found.graph, item_ids=list(items.values()), locations=list(ids.values()))
        for sku, item_id in items.items():
            for name, place in ids.items():
                if record := at.get((item_id, place)):
                    free = record.balance.available_to_order
                    assert free == self.model.free(sku, name)
                    assert record.balance.available_to_fulfil == self.model.free(
                        sku, name, futures=False
                    )
        figures = group_figures(found, groups=list(found.graph.groups.values()))
        for (sku, group_id), of_group in figures.items():
            self._check_group(sku, found.graph.identifiers[group_id], of_group)

    def _check_group(self, sku: str, group: str, figures: Any) -> None:
        model = self.model
        counted = [
            name
            for name in LOCATIONS
            if (sku, name) in model.rows and group in model.counted_by(sku, name)
        ]
        rows = [model.rows[sku, name] for name in counted]
        promised, ato = model.reserved(sku, group), model.ato(sku, group)
        shared = max(0, sum(model.free(sku, name) for name in counted) - promised - ato)
        expected: dict[str, int] = {}
        for date, quantity in (future for row in rows for future in row.futures):
            expected[date] = expected.get(date, 0) + quantity
        dates = [row.effective_at for row in rows if row.effective_at is not None]
        assert figures.exists == bool(rows)
        assert figures.on_hand == sum(row.on_hand for row in rows)
        assert figures.safety_stock == sum(row.safety_stock for row in rows)
        assert figures.group_reserved == promised
        assert figures.shared_group_reserved == shared
        at_locations = sum(model.reserved(sku, name) for name in counted)
        assert figures.reserved == at_locations + promised + shared
        assert figures.available_to_order == ato
        assert figures.available_to_fulfil == model.ato(sku, group, futures=False)
        assert dict(figures.futures) == expected
        assert figures.effective_at == max(dates, default=None)

    @invariant()
    def totals_are_current(self) -> None:
        version = Organization.objects.get(pk=self.id).graph_version
        for item in Item.objects.filter(organization_id=self.id, graph_version=version):
            rows = [row for (sku, _), row in self.model.rows.items() if sku == item.sku]
            assert item.on_hand == sum(row.on_hand for row in rows)
            assert item.short == self.model.short(item.sku)
            assert item.available_to_order == self.model.ato_of_all(item.sku)

    @invariant()
    def audit_is_clean(self) -> None:
        assert audit(self.id).differences == []

    def teardown(self) -> None:
        """Let everything expire: only what is final may be left."""
        self.now += timedelta(days=1)
        self.expire()
        self.claims_are_the_models()
        self.audit_is_clean()
        assert not Claim.objects.filter(
            document__organization_id=self.id, expires_at__isnull=False
        ).exists()
        connection.check_constraints()


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (Refused, Refusal) as refusal:
        return refusal.code


def _agree(actual: Any, expected: Any) -> bool:
    """Compare outcomes; what could be moved to a place out of reach is nobody's business."""
    if not isinstance(expected, list):
        return bool(actual == expected)
    pairs = zip(actual, expected, strict=True)
    return all(
        is_ == be or (be.endswith(" ?") and is_.startswith(be.removesuffix("?")))
        for is_, be in pairs
    )


def _codes(outcomes: Sequence[Outcome]) -> list[str]:
    codes = []
    for outcome in outcomes:
        if isinstance(outcome, Applied):
            codes.append(outcome.value)
        else:
            available = ""
            if isinstance(outcome.refusal, InsufficientQuantity):
                available = f" {outcome.refusal.available}"
            codes.append(outcome.refusal.code + available)
    return codes


def _said(answer: Answer) -> Said:
    return Said(
        success=answer.success,
        details={
            (PlaceRef(place.id, place.is_group), detail.sku): (detail.quantity, detail.adjustment)
            for place in answer.places
            for detail in place.details
        },
        errors={
            (PlaceRef(place.id, place.is_group), error.sku): error.available
            for place in answer.places
            for error in place.errors
        },
        reservation_time=answer.reservation_time,
        expires_at=answer.expiration_time,
    )


DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


@pytest.mark.django_db
@pytest.mark.slow
def test_services_follow_the_model() -> None:
    run_state_machine_as_test(
        Reservations,
        settings=settings(
            max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "2000")) if DEEP else 25,
            stateful_step_count=50 if DEEP else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
