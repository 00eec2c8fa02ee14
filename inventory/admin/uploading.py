"""Pages that take a file: as large as the API takes them, and as it comes."""

from typing import IO, Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from unfold.widgets import UnfoldAdminFileFieldWidget

from inventory.backoffice.access import access_of
from inventory.backoffice.starting_jobs import StartJob
from inventory.models import Job
from inventory.services.jobs import life

_MEGABYTE = 1024 * 1024


class _LimitedUpload(TemporaryFileUploadHandler):
    """Keeps a file on disk, as it comes; one that is too large is read to its end and not kept."""

    is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.IMPEX_MAX_UPLOAD_BYTES:
            self.is_too_large = True
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


class ImportForm(forms.Form):
    """A file; subclasses ask for more and say in `help_text` what it may hold."""

    help_text: ClassVar[Any] = ""
    file = forms.FileField(
        label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget, allow_empty_file=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = _("At most %s MB.") % _largest()
        self.fields["file"].help_text = f"{self.help_text} {limit}"


@method_decorator(csrf_exempt, name="dispatch")
class StartImport(StartJob):
    """Takes a file as it comes: memory stays flat whatever its size.

    The token against forged requests stands in the same body as the file, so it is looked at here,
    behind the question whether the user may send a file at all, and with a bound on its size.
    """

    kind: ClassVar[str]
    button = gettext_lazy("Import")
    form_class = ImportForm
    is_import = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Look at who asks, then at the body."""
        if not self.is_open_to(access_of(request)):
            raise PermissionDenied
        self.upload = _LimitedUpload(request)
        request.upload_handlers = [self.upload]
        answer: HttpResponseBase = csrf_protect(super().dispatch)(request, *args, **kwargs)
        return answer

    def post(self, request: HttpRequest) -> HttpResponse:
        """Refuse what was too large; its file is not there."""
        if request.FILES or not self.upload.is_too_large:
            return super().post(request)
        form = self.form_class(request.POST)
        form.errors.pop("file", None)
        form.add_error("file", _("The file is larger than %s MB. Split it.") % _largest())
        return self.render_to_response(self.get_context_data(form=form))

    def start(self, said: dict[str, Any]) -> Job:
        """Make the job with its file, as over the API."""
        upload = said["file"]
        file = cast("IO[bytes]", upload.file)
        new = life.NewJob(
            kind=self.kind,
            parameters=self.parameters(said, file=file, name=upload.name or _("file")),
            **self.whose(),
        )
        limit = settings.IMPEX_MAX_UPLOAD_BYTES
        return life.import_now(new, file, limit=limit, now=timezone.now())

    def parameters(self, said: dict[str, Any], *, file: IO[bytes], name: str) -> dict[str, Any]:
        """Return what a client of the API would have announced."""
        return {"fileName": name}


def _largest() -> str:
    return f"{settings.IMPEX_MAX_UPLOAD_BYTES // _MEGABYTE:,}"
