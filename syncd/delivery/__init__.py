"""The ways out: notices as webhook, to Slack, by mail; heads of the audit log to a folder, a webhook, and witnesses.

Owns: what goes over the wire to whoever is to be told, how it is signed, and how long is waited. Never: decides what is
told, opens a transaction, tries again by itself, follows a redirect, or puts an address or a secret into an error. May
import: `ports`, `notifying`, `core`, requests, smtplib.
"""

from syncd.delivery.head_webhook import HeadWebhook
from syncd.delivery.in_time import InTime
from syncd.delivery.mail import Mail, MailServer
from syncd.delivery.slack import Slack
from syncd.delivery.webhook import Webhook
from syncd.delivery.witnesses import Witness

__all__ = ["HeadWebhook", "InTime", "Mail", "MailServer", "Slack", "Webhook", "Witness"]
