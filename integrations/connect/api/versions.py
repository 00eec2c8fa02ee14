"""The API versions that are listed and served, all alike."""

FIRST, LAST = 51, 67
_SEASONS = ("Spring", "Summer", "Winter")
_FIRST_YEAR = 21  # 51.0 is Spring '21; there are three releases a year


class VersionConverter:
    """An address's version: `v51.0` to `v67.0`."""

    regex = "v(?:" + "|".join(str(number) for number in range(FIRST, LAST + 1)) + r")\.0"

    def to_python(self, value: str) -> str:
        """Return the version as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the version for an address."""
        return value


def versions() -> list[tuple[str, str]]:
    """Return (number, name) of each version, oldest first: ("51.0", "Spring '21")."""
    return [(f"{number}.0", _name(number - FIRST)) for number in range(FIRST, LAST + 1)]


def _name(release: int) -> str:
    years, season = divmod(release, len(_SEASONS))
    # A Winter release carries the year that it leads into.
    year = _FIRST_YEAR + years + (season == _SEASONS.index("Winter"))
    return f"{_SEASONS[season]} '{year}"
