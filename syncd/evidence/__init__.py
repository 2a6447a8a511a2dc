"""An evidence pack: what was collected, as the files of one zip that anybody can check with a public key.

Owns: the files of a pack, its manifest, its canonical form, and how it is checked. Never: reads a clock, the network, a
file of the system, the database or a private key: the same evidence is the same bytes. May import: `workflows` for what
was collected, `core`.
"""

from syncd.evidence.packing import Pack, Supplement, build
from syncd.evidence.problems import PackError
from syncd.evidence.verification import Verified, verify

__all__ = ["Pack", "PackError", "Supplement", "Verified", "build", "verify"]
