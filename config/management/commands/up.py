"""`manage.py up`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.refusal import CannotStart
from config.supervisor import Options, Supervisor


class Command(BaseCommand):
    help = (
        "Run everything: the database (unless DATABASE_URL is set), the web server, and a Celery "
        "worker with beat. Migrates, loads the demo once, prints addresses and credentials. Ctrl-C "
        "or SIGTERM stops it all."
    )
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Run until asked to stop."""
        try:
            Supervisor(Options.from_environment(), say=self._say, clock=timezone.now).run()
        except CannotStart as error:
            sys.exit(str(error))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
