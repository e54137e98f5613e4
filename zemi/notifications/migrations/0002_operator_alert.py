import zemi.common.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="OperatorAlert",
            fields=[
                ("id", models.UUIDField(default=zemi.common.ids.new_key, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("incident", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "incident"), name="notifications_alert_once")
                ],
            },
        ),
    ]
