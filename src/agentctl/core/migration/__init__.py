"""Widens the executions' table while it is in use, and takes that back: plans, locks, index builds."""
