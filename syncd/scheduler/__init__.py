"""The daemon: reconciles each application at night, a missed night too, and follows Okta's System Log in between.

Owns: when a run is due, a thread for each, and what systemd is told meanwhile. Never: decides what a run does, holds
the lease, or keeps when the last run was: the database does. May import: `workflows`, `ports`, `cron`,
`service_manager`, APScheduler.
"""

from syncd.scheduler.daemon import NightlyJob, run_scheduler
from syncd.scheduler.log_watch import LogWatch

__all__ = ["LogWatch", "NightlyJob", "run_scheduler"]
