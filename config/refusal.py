"""Why Holdfast does not start."""


class CannotStart(Exception):  # noqa: N818 - a state of the machine, told in a sentence
    """Something outside is in the way; the message is one sentence for the operator."""
