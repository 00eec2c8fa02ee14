"""From pieces to the result file of a job."""

from collections.abc import Generator
from contextlib import closing

from inventory.services.exports.pieces import Piece
from inventory.services.jobs.running import JobRun

_CONTENT_TYPE = "application/octet-stream"


def write_pieces(run: JobRun, pieces: Generator[Piece, None, None]) -> None:
    """Write the pieces as the job's result, counting records as they come.

    The generator is closed whatever happens: it holds the snapshot, and with it the connection's
    transaction, in which nothing of the job could be written.
    """
    with run.writing_result(content_type=_CONTENT_TYPE) as file, closing(pieces):
        for piece in pieces:
            file.write(piece.lines)
            run.counts.read += piece.records
            run.counts.exported += piece.records
            run.check()
