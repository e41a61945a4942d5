"""Shows the steps of a run on stderr as they happen: all of them on a terminal, only the id elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from agentctl.cli.session import Screen, Session, colourful, screen_for
from agentctl.core.running.steps import OnStep, Step
from agentctl.render.blocks import Text, Tone
from agentctl.render.history import duration_text

_DONE = {
    Step.RECORDED: ("✓ Execution record created", Tone.GOOD),
    Step.CHARGED: ("✓ Credits deducted", Tone.GOOD),
    Step.SENT: ("✓ Webhook called", Tone.GOOD),
    Step.WAITING: ("… Trying again", Tone.WARNING),
    Step.SUCCESS: ("✓ Workflow executed", Tone.GOOD),
    Step.FAILED: ("✗ Workflow failed", Tone.BAD),
    Step.UNKNOWN: ("? Outcome unknown", Tone.WARNING),
    Step.SETTLED: ("✓ Outcome settled", Tone.GOOD),
}
_BUSY = {
    Step.CHOSEN: "Recording and charging",
    Step.COMMITTING: "Recording and charging",
    Step.CALLING: "Calling {detail}",
    Step.SENT: "Waiting for the workflow",
    Step.WAITING: "Waiting",
    Step.SUCCESS: "Settling",
    Step.FAILED: "Settling",
}


@contextmanager
def watching(session: Session) -> Iterator[OnStep]:
    """Yield the function to call with each step of a run."""
    with ExitStack() as spinner:
        yield _ignore_lost_reader(_choose_watch(session, spinner))


def _choose_watch(session: Session, spinner: ExitStack) -> OnStep:
    if session.quiet:
        return lambda _step, _detail: None
    if session.json or not colourful(sys.stderr):
        return lambda step, detail: session.note(f"execution {detail}") if step is Step.COMMITTING else None
    return _Steps(screen_for(sys.stderr), spinner)


def _ignore_lost_reader(watch: OnStep) -> OnStep:
    """Go on with the run where nobody reads stderr any more: money is at stake, not a line of text."""

    def watch_safely(step: Step, detail: str) -> None:
        with suppress(OSError):
            watch(step, detail)

    return watch_safely


class _Steps:
    """Draws each finished step, and a spinner for the current one."""

    def __init__(self, screen: Screen, spinner: ExitStack) -> None:
        self._screen = screen
        self._spinner = spinner
        self._since = time.monotonic()
        self._where = ""

    def __call__(self, step: Step, detail: str) -> None:
        self._spinner.close()
        if step is Step.COMMITTING:
            self._screen.show([Text(f"Execution {detail}")])
        if step is Step.CALLING:
            self._where = detail
        if step in _DONE:
            self._draw_step(step, self._where if step is Step.SENT else detail)
        if step in _BUSY:
            self._spinner.enter_context(self._screen.busy(_BUSY[step].format(detail=detail)))

    def _draw_step(self, step: Step, detail: str) -> None:
        label, tone = _DONE[step]
        now = time.monotonic()
        took = duration_text(round((now - self._since) * 1000))
        self._since = now
        self._screen.show([Text(f"{label:<27} {took:>8}  {detail}", tone)])
