"""Shows a running migration on stderr: its steps, the sessions that block it, and how far an index is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from agentctl.cli.session import Session, colourful
from agentctl.core.migration.apply import Event, OnEvent, StepBegun
from agentctl.core.migration.backfill import BackfillProgress
from agentctl.core.migration.building import BuildProgress
from agentctl.core.migration.locks import Blocker, LockAwaited, describe_blocker
from agentctl.render.blocks import Tone


@contextmanager
def migrating(session: Session) -> Iterator[OnEvent]:
    """Yield what a migration tells its events to."""
    with ExitStack() as bar:
        yield _MigrationProgress(session, bar)


@contextmanager
def filling(session: Session) -> Iterator[Callable[[BackfillProgress], None]]:
    """Yield what a backfill tells its batches to: a bar with rows a second and the time left."""
    with ExitStack() as bar:
        yield _BackfillProgress(session, bar)


class _BackfillProgress:
    def __init__(self, session: Session, bar: ExitStack) -> None:
        self._session = session
        self._bar = bar
        self._total = 0
        self._replica: str | None = None
        self._advance: Callable[[int], None] = lambda _done: None

    def __call__(self, event: BackfillProgress) -> None:
        if event.replica != self._replica:
            self._replica = event.replica
            if event.replica is not None:
                self._session.note(f"Replica {event.replica} is behind: waiting for it.", tone=Tone.WARNING)
        if event.total > self._total:  # the total is an estimate
            self._total = event.total * 11 // 10 if self._total else event.total
            self._bar.close()
            begin = self._session.progress_screen().progress
            self._advance = self._bar.enter_context(begin("Filling old rows", self._total, rate="rows/s"))
        self._advance(event.done)


class _MigrationProgress:
    def __init__(self, session: Session, bar: ExitStack) -> None:
        self._session = session
        self._bar = bar
        self._screen = session.progress_screen()
        self._moves = colourful(sys.stderr) and not session.json and not session.quiet
        self._phase: tuple[str, int] | None = None
        self._named: tuple[int, ...] = ()
        self._advance: Callable[[int], None] = lambda _done: None

    def __call__(self, event: Event) -> None:
        match event:
            case StepBegun(step, number, total):
                self._end_phase()
                self._session.note(f"{number}/{total} {step.kind}: {step.object} ...")
            case LockAwaited(reason, attempt, blockers):
                self._session.note(f"{reason}; attempt {attempt} gave up, retrying.", tone=Tone.WARNING)
                self._name_blockers(blockers)
            case BuildProgress():
                self._show_building(event)

    def _name_blockers(self, blockers: tuple[Blocker, ...]) -> None:
        """Name the sessions that block the migration, again only when others do."""
        pids = tuple(blocker.pid for blocker in blockers)
        if pids != self._named:
            self._named = pids
            for blocker in blockers:
                self._session.note(f"  {describe_blocker(blocker)}", tone=Tone.WARNING)

    def _show_building(self, building: BuildProgress) -> None:
        if building.blocker is not None:
            self._name_blockers((building.blocker,))
        if not self._moves:
            return
        phase = (building.phase, building.total)
        if self._phase != phase:
            self._end_phase()
            self._phase = phase
            self._begin_phase(building)
        self._advance(building.done)

    def _begin_phase(self, building: BuildProgress) -> None:
        if building.total:
            self._advance = self._bar.enter_context(self._screen.progress(building.phase, building.total))
        else:
            self._advance = lambda _done: None
            self._bar.enter_context(self._screen.busy(building.phase))

    def _end_phase(self) -> None:
        self._bar.close()
        self._phase = None
