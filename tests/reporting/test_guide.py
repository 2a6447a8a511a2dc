"""The guide to reports says what there is."""

import re

from syncd.core.severity import SEVERITIES, Severity
from syncd.reporting import FORMATS
from syncd.reporting.oscal import OSCAL_VERSION
from syncd.reporting.page import LISTED
from tests.reporting.documents import ROOT

GUIDE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_format_and_profile_is_told() -> None:
    told = set(re.findall(r"^\| `([a-z]+)`", GUIDE, re.MULTILINE))
    assert told == {"table", *(name.partition(":")[0] for name in FORMATS)}
    assert all(f"--profile {name.partition(':')[2]}" in GUIDE for name in FORMATS if ":" in name)
    assert f"OSCAL {OSCAL_VERSION}" in GUIDE
    assert f"the {LISTED:,} worst findings" in GUIDE


def test_the_severities_are_those_of_the_table() -> None:
    rows = dict(re.findall(r"^\| (critical|high|medium|low) \| (.*) \|$", GUIDE, re.MULTILINE))
    for severity in set(Severity) - {Severity.INFO}:
        wanted = {one.value for one, its in SEVERITIES.items() if its is severity}
        assert set(re.findall(r"`([a-z-]+)`", rows[severity])) == wanted
