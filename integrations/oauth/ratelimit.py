"""How often a tenant may call an API family.

`settings.OCI_RATE_LIMIT_PER_MINUTE` tokens a minute for each organization and family (0: no limit).
With `settings.REDIS_URL` all processes share the buckets; without it each worker process has its
own, so that the tenant's limit is that of one worker times the workers.
"""

from functools import cache
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from integrations.oauth.buckets import Allowance, Buckets, LocalBuckets, RedisBuckets


@cache
def buckets(redis_url: str) -> Buckets:
    """The buckets of this process, made once."""
    return RedisBuckets.at(redis_url) if redis_url else LocalBuckets()


def family_of(path: str) -> str:
    """The API family of an address: `availability` for /inventory/availability/v1/…."""
    return "/".join(path.split("/", 3)[1:3])


class TenantRateThrottle(BaseThrottle):
    """Takes a token for every call that got as far as having a tenant.

    What is left is put on Django's request as `rate_limit`; whoever finishes the answer, a 4xx
    included, adds `rate_limit.headers()` to it.
    """

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002  # DRF's signature
        """Whether there is a token left; takes it."""
        limit = settings.OCI_RATE_LIMIT_PER_MINUTE
        access: Any = request.auth
        if limit < 1 or access is None:
            return True
        key = (access.organization_id, family_of(request.path_info))
        self.allowance = buckets(settings.REDIS_URL).take(key, limit=limit)
        request._request.rate_limit = self.allowance  # type: ignore[attr-defined]  # noqa: SLF001  # DRF has no other door
        return self.allowance.is_allowed

    def wait(self) -> float | None:
        """Seconds until there is a token again, for `Retry-After`."""
        return None if self.allowance is None else self.allowance.retry_after


def rate_limit_headers(request: Any) -> dict[str, str]:
    """The headers for the answer to this request; none if nothing was counted."""
    allowance: Allowance | None = getattr(request, "rate_limit", None)
    return {} if allowance is None else allowance.headers()
