from django.apps import AppConfig


class ReservationsConfig(AppConfig):
    name = "reservations"
    verbose_name = "Reservations"

    def ready(self) -> None:
        """Tell inventory that documents hold reserved counts."""
        from inventory.services.holders import register_holder
        from reservations.services.retirement import release_claims_at

        register_holder(release_claims_at)
