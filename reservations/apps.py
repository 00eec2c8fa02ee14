from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReservationsConfig(AppConfig):
    name = "reservations"
    verbose_name = _("Reservations")

    def ready(self) -> None:
        """Tell inventory that documents hold reserved counts, and of their export."""
        from inventory.services.holders import register_holder
        from inventory.services.jobs.kinds import register
        from reservations.services import export
        from reservations.services.retirement import release_claims_at

        register_holder(release_claims_at)
        register(export.KIND)
