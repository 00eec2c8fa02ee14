from django.apps import AppConfig


class ReservationsConfig(AppConfig):
    name = "reservations"
    verbose_name = "Reservations"

    def ready(self) -> None:
        """Tell inventory that documents hold reserved counts, and of their export."""
        from inventory.services.holders import register_holder
        from inventory.services.jobs.kinds import register
        from reservations.services import export
        from reservations.services.retirement import release_claims_at

        register_holder(release_claims_at)
        register(export.KIND)
