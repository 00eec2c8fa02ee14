"""Many orders at once."""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

from integrations.replay.api import InventoryApi
from integrations.replay.client import Client, Credentials, RefusedError, Tokens, Transport
from integrations.replay.journal import Journal
from integrations.replay.orders import Order
from integrations.replay.setup import is_our_own
from integrations.replay.shelves import Shelves
from integrations.replay.shop import Shop
from integrations.replay.stock import opening_stock
from integrations.replay.story import Story
from integrations.replay.tally import Effort, OrderResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where the API is, and as whom it is called."""

    base_url: str
    organization: str
    credentials: Credentials


def replay(
    orders: Sequence[Order], *, shop: Shop, service: Service, clients: int, journal: Path
) -> tuple[list[OrderResult], Effort]:
    """Fill the shelves if they are the replay's, and play the orders.

    Raises UnreachableError when the service stays away: what is under way is given up, and the
    same call goes on later.
    """
    with ExitStack() as stack:
        tokens = Tokens(base_url=service.base_url, credentials=service.credentials)
        # One try: a wrong address should be told at once.
        tokens.current(stack.enter_context(closing(Transport(max_tries=1))))
        transports = [stack.enter_context(closing(Transport())) for _ in range(clients)]
        apis = [
            InventoryApi(
                Client(
                    base_url=service.base_url,
                    organization=service.organization,
                    tokens=tokens,
                    transport=transport,
                )
            )
            for transport in transports
        ]
        kept, shelves = stack.enter_context(Journal(journal)), Shelves()
        started = time.monotonic()
        if is_our_own(shop):
            fill_shelves(orders, shop=shop, api=apis[0])
        results = _play(
            orders,
            stories=[Story(api=api, shop=shop, journal=kept, shelves=shelves) for api in apis],
        )
        effort = Effort(
            clients=clients,
            requests=sum(transport.requests for transport in transports),
            retries=sum(transport.retries for transport in transports),
            seconds=time.monotonic() - started,
        )
    return results, effort


def fill_shelves(orders: Sequence[Order], *, shop: Shop, api: InventoryApi) -> None:
    """Count the opening stock once: a repeat moves nothing, also when demand has changed since."""
    on_hand = opening_stock(orders, shop=shop)
    errors = api.count(on_hand, request_id="replay-opening-stock", replaces=True)
    for (sku, place), error in errors.items():
        if error.error_code != "DuplicateEventId":
            record = f"Stock of {sku} at {place}"
            raise RefusedError(record, code=error.error_code, said=error.message)


def _play(orders: Sequence[Order], *, stories: Sequence[Story]) -> list[OrderResult]:
    """Play orders in their order, as many at once as there are stories."""
    idle: SimpleQueue[Story] = SimpleQueue()
    for story in stories:
        idle.put(story)

    def play_one(order: Order) -> OrderResult:
        story = idle.get()
        try:
            return story.play(order)
        finally:
            idle.put(story)

    pool = ThreadPoolExecutor(max_workers=len(stories), thread_name_prefix="client")
    try:
        futures = [pool.submit(play_one, order) for order in orders]
        done = tqdm(
            as_completed(futures),
            total=len(futures),
            unit="order",
            disable=not sys.stderr.isatty(),
        )
        return [future.result() for future in done]
    finally:
        pool.shutdown(cancel_futures=True)
