"""Settings of Holdfast: twelve-factor, one file; the variables are listed in the README."""

from typing import Any

import django_stubs_ext
from django.conf import global_settings

from config import backoffice, broker, logs, postgres, secrets
from config.env import BASE_DIR, env, state_dir

django_stubs_ext.monkeypatch()  # `ModelAdmin[Item]` at run time as in the types

STATE_DIR = state_dir()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secrets.secret_key(state=STATE_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "config.apps.HoldfastConfig",
    "inventory",
    "reservations",
    "integrations",
    "integrations.omnitron",
]

MIDDLEWARE = [
    "config.middleware.GatewayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "inventory.backoffice.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": postgres.django_database(state=STATE_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages themselves: nothing to collect

UNFOLD = backoffice.LOOK
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Files of imports and exports are in `impex`: a folder here; any Django storage will do.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "impex": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("IMPEX_FOLDER", default=str(STATE_DIR / "impex"))},
    },
}
IMPEX_MAX_UPLOAD_BYTES = env.int("IMPEX_MAX_UPLOAD_MB", default=2048) * 1024 * 1024
IMPEX_RESULT_LINK_HOURS = env.int("IMPEX_RESULT_LINK_HOURS", default=24)
IMPEX_JOB_RETENTION_DAYS = env.int("IMPEX_JOB_RETENTION_DAYS", default=7)
# So long the id of an imported record is known again.
IMPEX_RECORD_RETENTION_DAYS = env.int("IMPEX_RECORD_RETENTION_DAYS", default=30)
# The ledger keeps the current month and so many before it; 0 keeps it for ever.
LEDGER_RETENTION_MONTHS = env.int("LEDGER_RETENTION_MONTHS", default=0)
# Imports and exports a worker runs at once; its other threads are for short tasks.
IMPEX_JOBS_AT_ONCE = env.int("IMPEX_JOBS_AT_ONCE", default=2)
# A run without a heartbeat for so long is given up, and its job runs again.
IMPEX_LEASE_SECONDS = env.int("IMPEX_LEASE_SECONDS", default=30)

# So long the back office tells what was refused to reservations.
REFUSAL_RETENTION_DAYS = env.int("REFUSAL_RETENTION_DAYS", default=14)

# A client sends at most 100 records; 2 MiB is far above any honest request of that size.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The headless API does without most of DRF's machinery: see inventory.api.base.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integrations.oauth.authentication.BearerAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": ["integrations.oauth.ratelimit.TenantRateThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.OperationSchema",
    "EXCEPTION_HANDLER": "config.errors.handler.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "VERSION": "v1",
    "OAS_VERSION": "3.1.1",
    "CAMELIZE_NAMES": True,
    "SCHEMA_PATH_PREFIX": "/inventory",
    "SERVERS": [{"url": "/"}],
    "SERVE_AUTHENTICATION": [],
    "SERVE_INCLUDE_SCHEMA": False,
    # Everything the page needs is served from here: it works without a way out.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": """{
        urls: [
            {url: "/api/schema/availability/", name: "Availability"},
            {url: "/api/schema/reservation/", name: "Reservation"},
            {url: "/api/schema/impex/", name: "Impex"},
            {url: "/api/schema/connect/", name: "Salesforce Connect"},
            {url: "/api/schema/omnitron/", name: "Omnitron"}
        ],
        presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
        layout: "StandaloneLayout",
        deepLinking: true,
        filter: true,
        persistAuthorization: true,
        validatorUrl: null
    }""",
}

# API clients and their tokens (integrations.oauth).
OAUTH2_PROVIDER_APPLICATION_MODEL = "integrations.ApiClient"
OAUTH2_PROVIDER = {
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",  # client credentials only
    "OAUTH2_VALIDATOR_CLASS": "integrations.oauth.validator.ClientCredentialsValidator",
    "ACCESS_TOKEN_EXPIRE_SECONDS": env.int("OAUTH_TOKEN_SECONDS", default=30 * 60),
    "CLIENT_SECRET_HASHER": "pbkdf2_sha256_generated",
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # a checksum is kept, never the token
    # Doors we do not open; said here so that `check --deploy` knows.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
PASSWORD_HASHERS = [
    *global_settings.PASSWORD_HASHERS,
    "integrations.oauth.hashers.GeneratedSecretHasher",
]
# Tokens of a bucket a minute, for each organization and API family; 0 sets no limit.
OCI_RATE_LIMIT_PER_MINUTE = env.int("OCI_RATE_LIMIT_PER_MINUTE", default=24_000)

# Integration users (Omnitron): the life of a token from a login, and how often one may log in.
OMNITRON_TOKEN_SECONDS = env.int("OMNITRON_TOKEN_SECONDS", default=12 * 60 * 60)
OMNITRON_LOGINS_PER_MINUTE = env.int("OMNITRON_LOGINS_PER_MINUTE", default=60)
# Where an order item's attributes say how many units it stands for.
ORDER_ITEM_QUANTITY_KEY = env.str("ORDER_ITEM_QUANTITY_KEY", default="quantity")
# A hold without a mapping is late after so many hours.
OMNITRON_LATE_HOLD_HOURS = env.int("OMNITRON_LATE_HOLD_HOURS", default=24)

# Shared by web, worker and beat when set; without it each process keeps its own.
REDIS_URL = env.str("REDIS_URL", default="")
# Where clients reach this service, as printed by commands.
PUBLIC_URL = env.str(
    "PUBLIC_URL",
    default=f"http://{env.str('HOST', default='127.0.0.1')}:{env.str('PORT', default='8000')}",
).rstrip("/")

# Older OCI clients expect nothing where newer ones expect zeros with `exists: false`.
OCI_UNKNOWN_SKU_EMPTY = env.bool("OCI_UNKNOWN_SKU_EMPTY", default=False)

# Celery: Redis when set, else a folder of message files. No results: rows tell what happened.
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
if REDIS_URL:
    # A message that a killed worker held comes back after the visibility timeout; the other two
    # make the search for such messages frequent (by default 100 s may pass).
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 30,
        "socket_keepalive": True,
    }
else:
    CELERY_BROKER_TRANSPORT = "config.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(STATE_DIR / "broker")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "beat-schedule")
# A message nobody took in time is dropped (`expires`): the next tick brings its successor, and a
# worker that was away for an hour does not find an hour of ticks.
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "config.heartbeat", "schedule": 5.0, "options": {"expires": 60}},
    "expire": {
        "task": "reservations.tasks.expire_reservations",
        "schedule": 1.0,
        "options": {"expires": 10},
    },
    "forget-refusals": {
        "task": "reservations.tasks.drop_old_refusals",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "refresh-pools": {
        "task": "inventory.tasks.refresh_pools",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "forget-requests": {
        "task": "inventory.tasks.drop_old_requests",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget-delta-tokens": {
        "task": "inventory.tasks.drop_expired_delta_tokens",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "sweep-jobs": {
        "task": "inventory.tasks.sweep_jobs",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "forget-import-records": {
        "task": "inventory.tasks.drop_old_import_records",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "drop-old-ledger": {
        "task": "inventory.tasks.drop_old_ledger_months",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "clean-up-jobs": {
        "task": "inventory.tasks.clean_up_jobs",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "forget-assertions": {
        "task": "integrations.forget_assertions",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "warn-of-late-holds": {
        "task": "orders.report_late_holds",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "sync-product-stock": {
        "task": "orders.sync_product_stock",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "drop-expired-tokens": {
        "task": "integrations.drop_expired_tokens",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "drop-expired-user-tokens": {
        "task": "integrations.drop_expired_user_tokens",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
}
HEARTBEAT_LIMIT_SECONDS = 30  # /readyz: older means that beat, broker or worker stands still

CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "holdfast",
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    ),
}

LOGGING = logs.configuration(
    level=env.str("LOG_LEVEL", default="INFO").upper(), form=env.str("LOG_FORMAT", default="text")
)
