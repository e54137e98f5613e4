"""A stand-in for Safaricom's Daraja and Africa's Talking's SMS, with books of its own.

It imports nothing of Zemi and can be used without it: see README.md beside this file.
"""

from simulator.callbacks import Callback
from simulator.control import ControlError
from simulator.http_faults import AnswerLost, AnswerReset
from simulator.simulator import Simulator

__all__ = ["AnswerLost", "AnswerReset", "Callback", "ControlError", "Simulator"]
