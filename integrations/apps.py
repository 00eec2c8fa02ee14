from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        """Make this app's kinds of jobs known."""
        from integrations.connect.services import publication
        from inventory.services.jobs.kinds import register

        register(publication.KIND)
