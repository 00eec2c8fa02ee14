from django.db import migrations

# An earlier 0012 made them, before it was measured that they end heap-only updates of items. Whoever
# ran it has them still; the models, and the migrations that are here, know nothing of them.
DROP = "DROP INDEX IF EXISTS item_by_availability, item_by_change"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0016_trust_items_and_places")]

    operations = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
