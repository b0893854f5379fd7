"""A database asked by a process that may not wait: from a thread of its own, each question with a deadline.

The thread has its own loop, so a database that is slow, locked, gone or being migrated holds up the thread and nobody
else. A question that is not answered in time is cancelled there, and its asker told.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from storage.customers import StoreUnavailable
from storage.database.database import Database
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
AGAIN_SECONDS: Final = 5.0
"""Between two attempts to open the database."""
_LEAVE_SECONDS: Final = 2.0
"""A thread that does not end by then is left behind; it ends with the process."""


class DatabaseBeside:
    """One database behind a thread; `async with` it in the loop that asks."""

    def __init__(
        self,
        url: str,
        *,
        prepare: Callable[[Database], Awaitable[object]] | None = None,
        in_thread: Callable[[], None] = lambda: None,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        """`prepare` is awaited once the database is open; `in_thread` is called first in the thread, to make it modest.

        A database that cannot be opened is tried again every `again_seconds`, and questions fail until then.
        """
        self._url = url
        self._prepare = prepare
        self._in_thread = in_thread
        self._again_seconds = again_seconds
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._database: asyncio.Future[Database] | None = None
        """The thread's: what questions wait for; with an exception after an attempt that failed."""
        self._stop = asyncio.Event()
        """The thread's."""
        self._has_begun = threading.Event()

    async def __aenter__(self) -> Self:
        self._thread.start()
        await asyncio.to_thread(self._has_begun.wait)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, _LEAVE_SECONDS)

    async def ask(self, question: Callable[[Database], Awaitable[Answer]], seconds: float) -> Answer:
        """Return the answer, had within so many seconds.

        Raises: StoreUnavailable when there is none by then, or the database could not be opened the last time.
        """
        loop = self._loop
        if loop is None or not self._thread.is_alive():
            raise StoreUnavailable("the database is not open")
        answering = self._answer(question)
        try:
            asked = asyncio.run_coroutine_threadsafe(answering, loop)
        except RuntimeError:  # the thread has ended in this moment
            answering.close()
            raise StoreUnavailable("the database is closed") from None
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            raise StoreUnavailable(f"the database has not answered within {seconds:g} s") from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # our asker's end, not the thread's
            raise StoreUnavailable("the database is closed") from None

    async def _answer(self, question: Callable[[Database], Awaitable[Answer]]) -> Answer:
        assert self._database is not None
        return await question(await asyncio.shield(self._database))

    def _run(self) -> None:
        try:
            self._in_thread()
            asyncio.run(self._serve())
        except Exception:  # a thread of its own: what ends it ends nothing else
            logger.exception("database thread ended")
        finally:
            self._has_begun.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = self._loop.create_future()
        self._has_begun.set()
        opening = asyncio.create_task(self._keep_open(), name="database open")
        stopping = asyncio.create_task(self._stop.wait(), name="database stop")
        await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
        self._fail("the database is closed")
        opening.cancel()
        stopping.cancel()
        await asyncio.wait((opening, stopping))
        if not opening.cancelled() and (error := opening.exception()) is not None:
            raise error

    async def _keep_open(self) -> None:
        told = reason = ""
        while True:
            try:
                async with Database.open(self._url) as database:
                    if self._prepare is not None:
                        await self._prepare(database)
                    self._succeed(database)
                    told = ""
                    await asyncio.Event().wait()
            except CentralitaError as error:
                reason = str(error)
            except (SQLAlchemyError, OSError) as error:  # its message may hold anything
                reason = type(error).__name__
            self._fail("the database could not be opened")
            if reason != told:  # once, however often it is tried
                told = reason
                logger.warning("database not open", extra={"reason": reason})
            await asyncio.sleep(self._again_seconds)

    def _succeed(self, database: Database) -> None:
        assert self._loop is not None
        assert self._database is not None
        if self._database.done():
            self._database = self._loop.create_future()
        self._database.set_result(database)

    def _fail(self, reason: str) -> None:
        assert self._loop is not None
        assert self._database is not None
        if self._database.done():
            self._database = self._loop.create_future()
        self._database.set_exception(StoreUnavailable(reason))
        self._database.exception()  # nobody need have asked
