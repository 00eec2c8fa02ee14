"""`manage.py load_demo`."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.load_demo import load_demo


class Command(BaseCommand):
    help = (
        "Make the demo organization, its API client and the back-office user, where they are "
        "missing; print as JSON how to get in. `up` does this at its first start."
    )

    def handle(self, **_options: Any) -> None:
        """Load and print."""
        self.stdout.write(json.dumps(load_demo(settings.STATE_DIR, now=timezone.now()), indent=2))
