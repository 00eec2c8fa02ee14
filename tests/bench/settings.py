"""Holdfast's own settings, with the floors' addresses beside its own and no rate limit."""

from config.settings import *  # noqa: F403  # all of them: the floors are served the same way

ROOT_URLCONF = "tests.bench.floor"
OCI_RATE_LIMIT_PER_MINUTE = 0
