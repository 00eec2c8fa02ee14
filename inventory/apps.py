from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Inventory")

    def ready(self) -> None:
        """Make this app's kinds of jobs known."""
        from inventory.services.availability_import import kind as availability_import
        from inventory.services.exports import availability_job as availability_export
        from inventory.services.exports import event_log_job as event_log_export
        from inventory.services.graph_jobs import KINDS as GRAPH_KINDS
        from inventory.services.jobs.kinds import register
        from inventory.services.segmentation_export import KIND as SEGMENTATION_EXPORT
        from inventory.services.segmentation_import import KIND as SEGMENTATION_IMPORT

        register(availability_import.KIND)
        register(availability_export.KIND)
        register(event_log_export.KIND)
        for kind in (*GRAPH_KINDS, SEGMENTATION_EXPORT, SEGMENTATION_IMPORT):
            register(kind)
