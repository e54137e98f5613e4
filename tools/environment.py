"""Make the environment from the hash-locked requirements: python3 tools/environment.py base|dev|lock

Runs on the system's Python, before anything is installed. uv does the work where it can be had; pip does the
same with the same files where it can't. Nothing outside .boot and .venv is written.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOT = ROOT / ".boot"
VENV = ROOT / ".venv"
UV = BOOT / "bin" / "uv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"

# pip's settings and what uv calls them: uv doesn't read pip's configuration (mirrors, certificates).
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
LOCK = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--quiet",
)


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this has any Python)
        stop(
            f"Zemi needs Python 3.11 or later, and {sys.executable} is {sys.version.split()[0]}.",
            "make PY=/path/to/python3.11 ...",
        )
    wanted = sys.argv[1:]
    if wanted[:1] == ["lock"] and wanted[1:] in ([], ["--upgrade"]):
        lock(wanted[1:])
    elif wanted in (["base"], ["dev"]):
        install(wanted[0])
    else:
        stop("usage: python3 tools/environment.py base|dev|lock [--upgrade]")


def install(name: str) -> None:
    """Install requirements/<name>.txt into .venv, which is made if it isn't there."""
    say(f"installing requirements/{name}.txt")
    file = REQUIREMENTS / f"{name}.txt"
    with_uv = get_uv()
    if with_uv and not works([PYTHON, "--version"]):
        with_uv = works(
            [UV, "venv", "--quiet", "--allow-existing", "--no-project", "--python", sys.executable, VENV],
            keep=True,
        )
    if with_uv:
        command: list[str | Path] = [
            UV,
            "pip",
            "install",
            "--quiet",
            "--python",
            PYTHON,
            "--require-hashes",
            "--requirement",
            file,
        ]
        if works(command, keep=True):
            return
        say("uv could not install them; trying pip with the same file")
    pip = make_venv_with_pip()
    if not works([*pip, "install", "--quiet", "--require-hashes", "--requirement", file], keep=True):
        stop(
            f"requirements/{name}.txt could not be installed, for the reasons above.",
            "the network, or pip's configuration",
        )


def get_uv() -> bool:
    """Put the locked uv into .boot by pip; False where that can't be done."""
    bootstrap = REQUIREMENTS / "bootstrap.txt"
    stamp = BOOT / ".ok"
    if stamp.exists() and stamp.read_text() == bootstrap.read_text() and works([UV, "--version"]):
        return True
    if not works([sys.executable, "-m", "pip", "--version"]):
        return False
    shutil.rmtree(BOOT, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # --target leaves the system's Python alone, also where it is marked as externally managed.
    if not works([*pip, "--target", BOOT, "--require-hashes", "--requirement", bootstrap]) or not works(
        [UV, "--version"]
    ):
        say("uv can't be had here: pip does its work, more slowly")
        return False
    stamp.write_text(bootstrap.read_text())
    return True


def make_venv_with_pip() -> "list[str | Path]":
    """Make sure that .venv is there; the pip that installs into it, its own or the system's."""
    own: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    systems: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        PYTHON,
    ]
    if works([PYTHON, "--version"]):
        if works([*own, "--version"]):
            return own
        if works([*systems, "--version"]):
            return systems
    if works([sys.executable, "-c", "import ensurepip"]):
        if works([sys.executable, "-m", "venv", VENV], keep=True):
            return own
    elif works([sys.executable, "-m", "pip", "--version"]):
        if works([sys.executable, "-m", "venv", "--without-pip", VENV], keep=True):
            return systems
    else:
        stop(f"{sys.executable} has neither pip nor ensurepip.", "apt install python3-venv")
    stop(f"{VENV.name} could not be made, for the reasons above.", "apt install python3-venv")
    return []


def lock(options: "list[str]") -> None:
    """Write requirements/*.txt from requirements/*.in, with hashes and without the address of any host."""
    if not get_uv():
        stop("locking needs uv, and it can't be had.", "the network, or pip's configuration")
    for name in ("bootstrap", "base", "celery", "dev"):
        say(f"locking requirements/{name}.txt")
        command: list[str | Path] = [
            UV,
            "pip",
            "compile",
            *LOCK,
            *options,
            REQUIREMENTS / f"{name}.in",
            "--output-file",
            REQUIREMENTS / f"{name}.txt",
        ]
        if not works(command, keep=True):
            stop(f"requirements/{name}.in can't be locked, for the reasons above.")
        if "://" in (REQUIREMENTS / f"{name}.txt").read_text():
            stop(f"requirements/{name}.txt names a host.")


_said: "list[str]" = []


def works(command: "Sequence[str | Path]", *, keep: bool = False) -> bool:
    """Run a command and tell whether it succeeded; `keep` what a failed one said for `stop` to show."""
    try:
        done = subprocess.run(
            command,
            check=False,
            env=environment(),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        said, is_right = str(error), False
    else:
        said, is_right = done.stdout, done.returncode == 0
    if keep and not is_right:
        _said.append(said)
    return is_right


_environment: "dict[str, str]" = {}


def environment() -> "dict[str, str]":
    """This process's environment, with pip's mirrors and certificates said in uv's words too."""
    if not _environment:
        _environment.update(os.environ)
        _environment.setdefault("UV_HTTP_TIMEOUT", "30")
        _environment.setdefault("UV_PYTHON_DOWNLOADS", "never")
        # As pip does: any index may have the file, since its hash says whether it is the right one.
        _environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
        for name, value in pip_settings().items():
            if name in PIP_TO_UV:
                _environment.setdefault(PIP_TO_UV[name], value)
    return _environment


def pip_settings() -> "dict[str, str]":
    """What pip is configured with: its environment variables count more than its files."""
    found: dict[str, str] = {}
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        key, equals, value = line.partition("=")
        if equals:
            found[key.rpartition(".")[2]] = " ".join(value.strip("'\"").replace("\\n", " ").split())
    return found


def say(text: str) -> None:
    print(f"zemi: {text}", file=sys.stderr, flush=True)


def stop(problem: str, remedy: str = "") -> None:
    for said in _said:
        print(said.rstrip(), file=sys.stderr, flush=True)
    say(f"{problem}{f' Try: {remedy}' if remedy else ''}")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
