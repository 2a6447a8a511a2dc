"""The unit files as systemd puts them together: a unit, what goes for every unit of its prefix, and its drop-ins."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "systemd"
PROGRAM = "/opt/syncd/bin/syncd"
INSTANCE = "crm"

Settings = dict[str, list[str]]

SERVICES = {
    "syncd-scim.service": (),
    "syncd-scim.service without a network": ("syncd-scim.service.d/10-no-network.conf",),
    "syncd-worker.service": (),
    "syncd-reconcile@.service": (),
    "syncd-witness.service": (),
}
"""Each service in each shape that it is shipped in, with the drop-ins that make it so."""


def settings_of(*files: Path) -> Settings:
    """Return every assignment of the files in order, by name; an empty one takes back those before it."""
    settings: Settings = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings[name] = [*settings.get(name, []), value] if value else []
    return settings


def service(shape: str) -> Settings:
    """Return the settings of a shipped service."""
    unit = shape.partition(" ")[0]
    return settings_of(
        FOLDER / unit, FOLDER / "syncd-.service.d/10-sandbox.conf", *map(FOLDER.joinpath, SERVICES[shape])
    )


def unit_file_names() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".service", ".socket", ".timer"})


def install(target: Path, drop_ins: tuple[str, ...] = ()) -> None:
    """Copy units into a folder as an installation would, with programs that are there and an instance of templates."""
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("10-no-network.conf"))
    for name in drop_ins:
        shutil.copy(FOLDER / name, target / name)
    for path in [*target.glob("*.*"), *target.glob("*.d/*")]:
        if path.is_file() and path.suffix != ".md":
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(PROGRAM, sys.executable).replace("/usr/bin/kill", sys.executable))
        if "@." in path.name and path.is_file():
            shutil.copy(path, path.with_name(path.name.replace("@.", f"@{INSTANCE}.")))


def analyze(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze over the units of a folder."""
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{folder}:/usr/lib/systemd/system:/lib/systemd/system"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
