"""The servers that are measured: each is made ready in a folder of its own, started, and ended by its process id.

Owns: processes, configuration, and databases made for the measurement and dropped after it. Never: measures. May
import: `syncd.store` for schemas and URLs; the peers run in processes of their own.
"""

from bench.servers.kinds import KINDS, Kind, chosen
from bench.servers.process import Running, ServerFailedError

__all__ = ["KINDS", "Kind", "Running", "ServerFailedError", "chosen"]
