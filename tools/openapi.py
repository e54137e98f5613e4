"""Write docs/openapi.json from the API's code: python -m tools.openapi [--check]"""

import json
import os
import sys
from pathlib import Path

from tools.generated import write_or_check

ROOT = Path(__file__).resolve().parent.parent


def render() -> str:
    """The document of a sandbox deployment, which has every address, checked against OpenAPI's specification.

    :raises ValueError: the generator has a doubt about an endpoint, which would be a gap in the document
    """
    # Whatever this shell is set to, the file is the same.
    os.environ["ZEMI_MODE"] = "sandbox"
    os.environ["DJANGO_SETTINGS_MODULE"] = "zemi.settings"
    import django

    django.setup()
    from openapi_spec_validator import validate

    from zemi.api.schema import document

    found = document()
    validate(found)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check(ROOT / "docs" / "openapi.json", render(), check="--check" in sys.argv[1:]))
