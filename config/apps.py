from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

# Shared tasks find the application through this import, in every process that sets Django up.
from config.celery import app as celery_app

__all__ = ["HoldfastConfig", "celery_app"]


class HoldfastConfig(AppConfig):
    name = "config"
    verbose_name = "Holdfast"


class BackOfficeConfig(AdminConfig):
    default_site = "inventory.backoffice.site.BackOfficeSite"
