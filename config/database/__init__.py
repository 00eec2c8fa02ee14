"""Django's PostgreSQL backend, with a pool that does not hand out connections that are gone."""
