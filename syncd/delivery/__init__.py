"""The ways out: notices as webhook, to Slack, by mail.

Owns: what goes over the wire to whoever is to be told, how it is signed, and how long is waited. Never: decides what is
told, opens a transaction, tries again by itself, follows a redirect, or puts an address or a secret into an error. May
import: `ports`, `notifying`, `core`, requests, smtplib.
"""

from syncd.delivery.in_time import InTime
from syncd.delivery.mail import Mail, MailServer
from syncd.delivery.slack import Slack
from syncd.delivery.webhook import Webhook

__all__ = ["InTime", "Mail", "MailServer", "Slack", "Webhook"]
