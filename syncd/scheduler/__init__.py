"""The daemon: runs each application's reconciliation at night, and catches up on a night that was missed.

Owns: when a run is due, a thread for each, and what systemd is told meanwhile. Never: decides what a run does, holds
the lease, or keeps when the last run was: the database does. May import: `workflows`, `ports`, `cron`,
`service_manager`, APScheduler.
"""

from syncd.scheduler.daemon import NightlyJob, run_scheduler

__all__ = ["NightlyJob", "run_scheduler"]
