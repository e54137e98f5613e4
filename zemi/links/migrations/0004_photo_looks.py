from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('links', '0003_form_keys'),
    ]

    operations = [
        # Those that are there are looked at soon, and then put off like all others.
        migrations.AddField(
            model_name='photo',
            name='look_at',
            field=models.DateTimeField(default=datetime(2026, 11, 28, tzinfo=UTC)),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(fields=['look_at'], name='links_photo_look'),
        ),
    ]
