"""`manage.py replay_orders`."""

import hashlib
import json
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import nullcontext, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.replay.client import Credentials, RefusedError, UnreachableError
from integrations.replay.orders import OrderFile, OrderFileError, read_orders
from integrations.replay.play import Service, replay
from integrations.replay.setup import (
    NoGroupsError,
    drop_broken_connection,
    find_or_create_organization,
    open_shop,
    temporary_credentials,
)
from integrations.replay.tally import Effort, OrderResult, as_table, details, summarize
from inventory.errors import Refusal


class Command(BaseCommand):
    """Play an order file."""

    help = (
        "Play the orders of FILE, a CSV file with the columns order, sku, quantity, ordered_at, "
        "through the HTTP API: reserve each at a group, finalize, route to locations, ship or "
        "cancel; put returns back. An organization without locations gets a small graph, and "
        "stock from the file's demand. Refusals are counted, not fatal. May be run again at any "
        "time: what was played is not played twice. Ends with the audit; exits non-zero when that "
        "is not clean or an answer was not understood."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument(
            "--base-url", default=settings.PUBLIC_URL, metavar="URL", help="default: %(default)s"
        )
        parser.add_argument(
            "--clients",
            type=_positive,
            default=4,
            metavar="N",
            help="orders played at once (default: %(default)s)",
        )
        parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N orders")
        parser.add_argument("--client-id", metavar="ID", help="default: a client for this run only")
        parser.add_argument("--client-secret", metavar="SECRET")
        parser.add_argument(
            "--journal",
            type=Path,
            metavar="PATH",
            help="where routing is remembered across crashes (default: in the state folder)",
        )
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Play, tell, audit."""
        if bool(options["client_id"]) != bool(options["client_secret"]):
            raise CommandError("--client-id and --client-secret go together.")
        try:
            file = read_orders(options["file"], limit=options["limit"])
            results, effort = _replay(file, options)
        except (OrderFileError, NoGroupsError, RefusedError) as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except UnreachableError as error:
            message = f"{error}\nRun the same command again to go on."
            raise CommandError(message) from error
        self._tell(file, results, effort, options)

    def _tell(
        self, file: OrderFile, results: list[OrderResult], effort: Effort, options: dict[str, Any]
    ) -> None:
        summary = summarize(file, results, effort=effort)
        said = details(file, results)
        audit = _audit(options["organization"])
        if options["json"]:
            whole = {**summary, "details": said, "audit": audit}
            self.stdout.write(json.dumps(whole, indent=2))
        else:
            table = as_table({**summary, "audit": _audit_figures(audit)})
            self.stdout.write("\n".join([table, "", *said]).rstrip())
        if not audit["clean"]:
            raise CommandError("The audit is not clean; manage.py audit_balances shows the rows.")
        if any(result.trouble for result in results):
            raise CommandError("Some orders met answers that nobody had expected; see above.")


def _replay(file: OrderFile, options: dict[str, Any]) -> tuple[list[OrderResult], Effort]:
    organization = find_or_create_organization(options["organization"])
    shop = open_shop(organization, now=timezone.now())
    given = None
    if options["client_id"]:
        given = nullcontext(Credentials(options["client_id"], options["client_secret"]))
    with given or temporary_credentials(organization) as credentials:
        return replay(
            file.orders,
            shop=shop,
            service=Service(
                base_url=options["base_url"].rstrip("/"),
                organization=organization.identifier,
                credentials=credentials,
            ),
            clients=options["clients"],
            journal=options["journal"] or _journal_path(options),
        )


def _journal_path(options: dict[str, Any]) -> Path:
    digest = hashlib.blake2b(options["file"].read_bytes(), digest_size=6).hexdigest()
    return Path(settings.STATE_DIR) / "replay" / f"{options['organization'].lower()}-{digest}.jsonl"


def _audit(organization: str) -> dict[str, Any]:
    """Return the audit's report."""
    report = StringIO()
    drop_broken_connection()
    with suppress(SystemExit):  # which says no more than the report
        call_command("audit_balances", organization=organization, stdout=report)
    read: dict[str, Any] = json.loads(report.getvalue())
    return read


def _audit_figures(report: dict[str, Any]) -> dict[str, int]:
    return {"items": report["items"], "differences": report["difference_count"]}


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError("must be a whole number above 0")
    return int(text)
