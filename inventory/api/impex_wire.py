"""Wire types that all jobs of the headless Impex API share (spec: oci-headless 6)."""

from datetime import datetime
from typing import Annotated

import msgspec

from inventory.api.wire import wire_date
from inventory.errors import InvalidRequestParameter
from inventory.models import Job, JobState
from inventory.services.jobs.life import DEFAULT_LINK_MINUTES

MAX_LINK_MINUTES = 60


class AnnounceFile(msgspec.Struct, rename="camel"):
    """The file that will come, and for how many minutes the link to send it to stands."""

    file_name: Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
    link_duration: int | str | None = None

    def link_minutes(self) -> int:
        """Return how long the link stands; InvalidRequestParameter."""
        duration = self.link_duration
        if duration is None:
            return DEFAULT_LINK_MINUTES
        if isinstance(duration, str):
            if not (duration.isascii() and duration.isdigit()) or len(duration) > MAX_LINK_MINUTES:
                message = "link duration must be numeric"
                raise InvalidRequestParameter(message, parameter="linkDuration")
            duration = int(duration)
        if not 1 <= duration <= MAX_LINK_MINUTES:
            message = f"'linkDuration' must be 1 to {MAX_LINK_MINUTES} minutes"
            raise InvalidRequestParameter(message, parameter="linkDuration")
        return duration


class ExportStarted(msgspec.Struct, rename="camel"):
    """Where to ask how an export is doing."""

    export_id: str
    export_status_link: str


class ImportStarted(msgspec.Struct, rename="camel"):
    """Where to send an import's file, and where to ask how it is doing."""

    import_id: str
    import_status_link: str
    upload_link: str
    upload_method: str
    upload_link_expiration: str = msgspec.field(name="uploadLinkExpirationUTC")


class Uploaded(msgspec.Struct, rename="camel"):
    """The import has its file."""

    status: str
    import_id: str


class ImportList(msgspec.Struct):
    """The ids of an organization's imports."""

    imports: list[str]


class Download(msgspec.Struct, rename="camel", omit_defaults=True):
    """Where an export's file is, or will be when the export has ended."""

    download_link: str
    download_link_expiration: str | None = msgspec.field(
        name="downloadLinkExpirationUTC", default=None
    )


class FileFacts(msgspec.Struct, rename="camel"):
    """What a client checks the file against."""

    file_hash_type: str
    file_hash: str
    file_size: int


class ExportProgress(msgspec.Struct, rename="camel", omit_defaults=True):
    """How far an export is; the places it was asked for."""

    records_processed_count: int
    records_exported_count: int
    start_time: str | None = msgspec.field(name="startTimeUTC", default=None)
    end_time: str | None = msgspec.field(name="endTimeUTC", default=None)
    groups: list[str] | None = None
    locations: list[str] | None = None


class ExportStatus(msgspec.Struct, omit_defaults=True):
    """The status of an export; `download` is there from the first poll on."""

    id: str
    status: str
    export: ExportProgress
    download: Download
    validation: FileFacts | None = None


class Validation(msgspec.Struct):
    """What is wrong with an import's file as a whole."""

    status: str
    errors: list[str]


class UploadFacts(msgspec.Struct, rename="camel"):
    """The file as its sender called it."""

    file_name: str


class FullResults(msgspec.Struct, rename="camel"):
    """Where the result file is."""

    href: str
    export_result_expiration: str = msgspec.field(name="exportResultExpirationUTC")


class ImportProgress(msgspec.Struct, rename="camel", omit_defaults=True):
    """How far an import is. Read is processed + skipped + failed; the last is ours, not OCI's."""

    records_processed_count: int
    records_read_count: int
    records_skipped_count: int
    records_failed_count: int
    start_time: str | None = msgspec.field(name="startTimeUTC", default=None)
    end_time: str | None = msgspec.field(name="endTimeUTC", default=None)
    full_results: FullResults | None = None


class ImportStatus(msgspec.Struct, rename="camel"):
    """The status of an import."""

    import_id: str
    status: str
    validation: Validation
    upload: UploadFacts
    progress: ImportProgress = msgspec.field(name="import")


def export_status(job: Job, *, link: str) -> ExportStatus:
    """Render an export; `link` is its file's."""
    places = job.parameters
    facts = FileFacts("SHA-256", job.result_hash, job.result_size) if job.result_hash else None
    return ExportStatus(
        id=job.identifier,
        status=job.state,
        export=ExportProgress(
            records_processed_count=job.records_read,
            records_exported_count=job.records_exported,
            start_time=_date(job.started_at),
            end_time=_date(job.ended_at),
            groups=places.get("groups"),
            locations=places.get("locations"),
        ),
        download=Download(link, _date(job.result_expires_at)),
        validation=facts,
    )


def import_status(job: Job, *, link: str) -> ImportStatus:
    """Render an import; `link` is its result file's."""
    results = None
    if job.result_expires_at is not None:
        results = FullResults(link, wire_date(job.result_expires_at))
    return ImportStatus(
        import_id=job.identifier,
        status=job.state,
        validation=Validation(_validation(job), job.errors),
        upload=UploadFacts(job.parameters.get("fileName", "")),
        progress=ImportProgress(
            records_processed_count=job.records_processed,
            records_read_count=job.records_read,
            records_skipped_count=job.records_skipped,
            records_failed_count=job.records_failed,
            start_time=_date(job.started_at),
            end_time=_date(job.ended_at),
            full_results=results,
        ),
    )


def _validation(job: Job) -> str:
    if job.errors:
        return "Failed"
    has_begun = job.position is not None or job.state == JobState.COMPLETED
    return "Success" if has_begun else "Pending"


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else wire_date(moment)
