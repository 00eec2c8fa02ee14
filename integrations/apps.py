from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        """Make this app's kinds of jobs known."""
        from integrations.connect.services import publication
        from inventory.services.jobs.kinds import register

        register(publication.KIND)
