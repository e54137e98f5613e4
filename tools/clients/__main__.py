"""Write the generated parts of clients/ from docs/openapi.json: python -m tools.clients [--check]

The Python client's operations and models, TypeScript's types, and the collections for Bruno and Postman.
"""

import argparse
import sys
from pathlib import Path

from tools.clients import bruno, postman, python, typescript
from tools.clients.document import ROOT, read_document
from tools.generated import write_or_check

CLIENTS = ROOT / "clients"


def main() -> int:
    """Write or check every file, and those that should be there no longer; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.clients", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is stale")
    check = parser.parse_args().check
    wanted = files()
    codes = [write_or_check(CLIENTS / name, text, check=check) for name, text in wanted.items()]
    stale = [
        path for path in (CLIENTS / "bruno").rglob("*.bru") if str(path.relative_to(CLIENTS)) not in wanted
    ]
    for path in stale:
        if not check:
            path.unlink()
            continue
        print(f"{path.name} belongs to no operation: `make fix` deletes it", file=sys.stderr)
        codes.append(1)
    return max(codes)


def files() -> dict[str, str]:
    """Every generated file below clients/ with what it must say."""
    document = read_document()
    return {
        "python/zemi_client/models.py": python.models(document),
        "python/zemi_client/operations.py": python.operations(document),
        "typescript/zemi.ts": typescript.types(document),
        "postman/zemi.postman_collection.json": postman.collection(document),
        **{f"bruno/{Path(name)}": text for name, text in bruno.collection(document).items()},
    }


if __name__ == "__main__":
    sys.exit(main())
