"""What the integrations do on their own; each is one service call, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from integrations.accounts import services as accounts
from integrations.connect.services import access
from integrations.oauth import services


@shared_task(name="integrations.drop_expired_tokens", ignore_result=True)
def drop_expired_tokens() -> int:
    """Delete access tokens that are over."""
    return services.drop_expired_tokens(now=timezone.now())


@shared_task(name="integrations.drop_expired_user_tokens", ignore_result=True)
def drop_expired_user_tokens() -> int:
    """Delete tokens of integration users that are over."""
    return accounts.drop_expired_tokens(now=timezone.now())


@shared_task(name="integrations.forget_assertions", ignore_result=True)
def forget_assertions() -> int:
    """Delete what is remembered of signed assertions that are over."""
    return access.forget_assertions(now=timezone.now())
