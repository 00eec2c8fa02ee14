"""Files brought in from the browser, by the same jobs as over the API."""

from typing import IO, Any

from django import forms
from django.utils.translation import gettext_lazy

from inventory.admin.uploading import ImportForm, StartImport
from inventory.backoffice.job_words import JobWords, register_job_words
from inventory.backoffice.pages import register_page
from inventory.domain.roles import Power
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.availability_import.local import announced, is_csv_name
from inventory.services.graph_jobs import GRAPH_IMPORT
from inventory.services.segmentation_import import SEGMENTATION_IMPORT

register_job_words(
    JobWords(AVAILABILITY_IMPORT, gettext_lazy("Stock import")),
    JobWords(GRAPH_IMPORT, gettext_lazy("Location graph import"), power=Power.CHANGE_GRAPH),
    JobWords(SEGMENTATION_IMPORT, gettext_lazy("Segmentation import")),
)


class StockFileForm(ImportForm):
    """A file of stock records."""

    help_text = gettext_lazy(
        "JSON lines in either layout, or CSV when the name ends in .csv or .csv.gz; plain or gzip."
    )


@register_page
class ImportStock(StartImport):
    """Sets counts from a file of any size."""

    path = "jobs/import/stock/"
    name = "import_stock"
    title = gettext_lazy("Import stock")
    about = gettext_lazy(
        "Sets counts, safety stock and futures at locations. A bad line is refused, the others go"
        " in; customers keep reserving meanwhile."
    )
    form_class = StockFileForm
    kind = AVAILABILITY_IMPORT

    def parameters(self, said: dict[str, Any], *, file: IO[bytes], name: str) -> dict[str, Any]:
        return announced(file, name=name, is_csv=is_csv_name(name))


class SegmentationFileForm(ImportForm):
    """A file of SKUs that groups exclude."""

    help_text = gettext_lazy("JSON lines: a header for each group, its SKUs below; plain or gzip.")


@register_page
class ImportSegmentation(StartImport):
    """Says which SKUs groups exclude, from a file."""

    path = "jobs/import/segmentation/"
    name = "import_segmentation"
    title = gettext_lazy("Import segmentation")
    about = gettext_lazy("Says which SKUs a group does not sell, wherever they lie.")
    form_class = SegmentationFileForm
    kind = SEGMENTATION_IMPORT


class GraphFileForm(ImportForm):
    """A file of a location graph."""

    help_text = gettext_lazy("JSON in the shape of the export; plain or gzip.")
    dry_run = forms.BooleanField(
        label=gettext_lazy("Only tell what would change"), required=False, initial=True
    )
    force = forms.BooleanField(
        label=gettext_lazy("Empty what leaves: stock is written off, reservations end"),
        required=False,
    )


@register_page
class ImportGraphFile(StartImport):
    """Replaces the graph from a file of any size."""

    path = "jobs/import/location-graph/"
    name = "import_graph_file"
    title = gettext_lazy("Import a large location graph")
    about = gettext_lazy(
        "Replaces the whole graph at once. Up to 1 MB, the page of the graph shows more before."
    )
    power = Power.CHANGE_GRAPH
    form_class = GraphFileForm
    kind = GRAPH_IMPORT

    def parameters(self, said: dict[str, Any], *, file: IO[bytes], name: str) -> dict[str, Any]:
        return {"fileName": name, "force": said["force"], "dryRun": said["dry_run"]}
