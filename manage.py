#!/usr/bin/env python
"""Command line of Holdfast: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from config.postgres import PostgresUnavailable, unreachable

    try:
        execute_from_command_line(sys.argv)
    except PostgresUnavailable as error:
        sys.exit(str(error))
    except OperationalError as error:
        sentence = unreachable(error)
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
