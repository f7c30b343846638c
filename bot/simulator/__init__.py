"""A pretend Slack at the wire, for tests and for the demo; it knows nothing of the rest of this house."""

from bot.simulator.calls import Call
from bot.simulator.crowd import PretendUser
from bot.simulator.envelopes import Ack, Delivery, Envelope, State
from bot.simulator.interactions import Interaction
from bot.simulator.payloads import ABSENT
from bot.simulator.slack import Simulator
from bot.simulator.sockets import Ending
from bot.simulator.story import tell
from bot.simulator.workspace import Workspace

__all__ = [
    "ABSENT",
    "Ack",
    "Call",
    "Delivery",
    "Ending",
    "Envelope",
    "Interaction",
    "PretendUser",
    "Simulator",
    "State",
    "Workspace",
    "tell",
]
