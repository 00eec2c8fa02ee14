"""What the JWT bearer grant needs to know: public keys of API clients, and assertions seen."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.oauth.models import ApiClient


class ClientKey(models.Model):
    """A public key whose owner may ask for tokens in the client's name.

    `pem` is the key as SubjectPublicKeyInfo, whatever it came in; `fingerprint` its SHA-256.
    """

    client = models.ForeignKey(
        ApiClient, on_delete=models.CASCADE, related_name="+", verbose_name=_("client")
    )
    algorithm = models.CharField(
        max_length=5, choices=[("RS256", "RS256"), ("ES256", "ES256")], verbose_name=_("algorithm")
    )
    pem = models.TextField()
    fingerprint = models.CharField(max_length=64, verbose_name=_("fingerprint"))
    created_at = models.DateTimeField(verbose_name=_("created at"))

    class Meta:
        verbose_name = _("client key")
        verbose_name_plural = _("client keys")
        constraints = [
            models.UniqueConstraint(fields=["client", "fingerprint"], name="client_key_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.fingerprint[:16]}"


class SeenAssertion(models.Model):
    """An assertion's own id (`jti`), which must not come again before `expires_at`."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+")
    checksum = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "seen assertion"
        constraints = [
            models.UniqueConstraint(fields=["client", "checksum"], name="assertion_once"),
        ]
        indexes = [
            # Which need not be remembered any more? Asked by the beat.
            models.Index(fields=["expires_at"], name="assertion_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.checksum[:16]}…"
