"""manage.py job: see, stop and resume imports and exports."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inventory.errors import Refusal
from inventory.models import Job, JobState
from inventory.models.jobs import ENDED
from inventory.selectors.job_progress import progress_of_job
from inventory.selectors.jobs import job_anywhere, jobs_of
from inventory.selectors.organizations import organization_named
from inventory.services.jobs import life

_LISTED = 50


class Command(BaseCommand):
    help = (
        "List imports and exports, newest first, one JSON object a line; stop one, which ends a run"
        " after the chunk it is at; or resume one that was stopped or has failed: it goes on where"
        " it was cut off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        shown = ways.add_parser("list", help="tell how jobs are doing")
        shown.add_argument("--organization", metavar="ID")
        shown.add_argument("--active", action="store_true", help="leave out jobs that have ended")
        shown.add_argument("--limit", type=int, default=_LISTED, help=f"default: {_LISTED}")
        for way, told in (("stop", "stop a job"), ("resume", "go on with a job")):
            one = ways.add_parser(way, help=told)
            one.add_argument("identifier", metavar="ID", help="as the API and the list tell it")
            one.add_argument("--organization", metavar="ID")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            organization = None
            if options["organization"] is not None:
                organization = organization_named(options["organization"]).pk
            if options["way"] == "list":
                states = sorted(set(JobState) - set(ENDED)) if options["active"] else ()
                for job in jobs_of(organization, states=states, limit=options["limit"]):
                    self._tell(job)
                return
            job = job_anywhere(options["identifier"], organization_id=organization)
            if options["way"] == "stop":
                job = life.stop(job, now=timezone.now())
            else:
                job = life.resume(job)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self._tell(job)

    def _tell(self, job: Job) -> None:
        progress = progress_of_job(job, now=timezone.now())
        told = {
            "id": job.identifier,
            "organization": job.organization.identifier,
            "kind": job.kind,
            "state": job.state,
            "stopping": job.is_stopping and job.state == JobState.RUNNING,
            "percent": progress.percent,
            "read": job.records_read,
            "processed": job.records_processed,
            "skipped": job.records_skipped,
            "failed": job.records_failed,
            "exported": job.records_exported,
            "recordsPerSecond": progress.rate,
            "secondsLeft": progress.seconds_left,
            "errors": job.errors,
        }
        self.stdout.write(json.dumps(told))
