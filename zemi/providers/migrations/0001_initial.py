from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ProviderToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("sealed", models.BinaryField(default=b"")),
                ("expires_at", models.DateTimeField(null=True)),
                ("refreshing_until", models.DateTimeField(null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["key"], name="providers_token_once")],
            },
        ),
    ]
