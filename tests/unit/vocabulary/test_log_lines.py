"""What an exception knows of a caller stays in the process; where it came from is told."""

import asyncio
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vocabulary.errors import CentralitaError
from vocabulary.log_lines import FieldsFormatter, exception_lines, named_error, without_objects

WORDS = "me llamo Filomena"
REPO = Path(__file__).resolve().parents[3]


def line_of(record: logging.LogRecord, *, shows_people: bool = False) -> str:
    return FieldsFormatter("%(levelname)s %(name)s: %(message)s", shows_people=shows_people).format(record)


def record_of(name: str, message: str, failure: BaseException | None = None, **extra: object) -> logging.LogRecord:
    info = (type(failure), failure, failure.__traceback__) if failure is not None else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, None, info)
    vars(record).update(extra)
    return record


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - whatever it is, it is wanted
        return caught


def test_fields_stand_behind_the_message() -> None:
    record = record_of("ari_app.call", "turn ended", silence_ms=700, reason='a "word"')
    assert line_of(record) == 'ERROR ari_app.call: turn ended silence_ms=700 reason="a \\"word\\""'


def test_who_somebody_is_stands_there_only_if_the_settings_say_so() -> None:
    fields: dict[str, Any] = {"pii.caller": "+34600111222"}
    assert line_of(record_of("x", "refused", **fields)) == "ERROR x: refused pii.caller=[hidden]"
    assert line_of(record_of("x", "refused", **fields), shows_people=True).endswith('pii.caller="+34600111222"')


def test_of_a_foreign_error_the_type_and_the_place_are_told_and_none_of_its_words() -> None:
    error = raised(KeyError(WORDS), raised(ValueError(f"cannot read {WORDS!r}")))
    told = line_of(record_of("x", "call failed", error))
    assert "Filomena" not in told
    assert told.index("ValueError") < told.index("which led to:") < told.index("KeyError")
    assert f'File "{__file__}"' in told
    assert "in raised" in told


def test_our_own_errors_and_the_disks_say_what_is_wrong() -> None:
    assert named_error(CentralitaError("the disk is full")).endswith("CentralitaError: the disk is full")
    assert named_error(FileNotFoundError(2, "No such file", "/data/x")) == "FileNotFoundError: No such file: /data/x"


def test_every_member_of_a_group_is_told_and_what_refers_to_itself_ends() -> None:
    one = ValueError(WORDS)
    one.__context__ = group = raised(ExceptionGroup(WORDS, [one, CentralitaError("told")]))
    told = "\n".join(exception_lines(group))
    assert told.count("ValueError") == 1
    assert "told" in told
    assert "Filomena" not in told


def test_objects_in_fields_are_named_not_shown() -> None:
    told = line_of(record_of("x", "y", error=ValueError(WORDS), other=asyncio.Queue[str](), path=Path("/data")))
    assert "Filomena" not in told
    assert 'error="ValueError" other="Queue" path="/data"' in told


@pytest.mark.parametrize(
    "message",
    [
        f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{WORDS}')>",
        f"Exception in callback say('{WORDS}')\nhandle: <Handle say('{WORDS}')>",
        f'Executing <Handle say("{WORDS}")> took 0.2 seconds',
    ],
)
def test_asyncio_quotes_nobody(message: str) -> None:
    told = line_of(record_of("asyncio", message))
    assert "Filomena" not in told
    assert without_objects(message)[:9] in told


CRASH = """
import sys, threading
from centralita.logs import set_up_logging
set_up_logging("debug")
import logging
logging.getLogger("aiosqlite").debug("INSERT %s", "me llamo Filomena")
logging.getLogger("ari_app.call").debug("our own debug line")
def die():
    raise ValueError("me llamo Filomena")
thread = threading.Thread(target=die)
thread.start()
thread.join()
die()
"""


def test_a_process_that_dies_of_what_was_said_does_not_say_it() -> None:
    died = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, cwd=REPO, check=False)
    assert died.returncode == 1
    assert "Filomena" not in died.stderr
    assert died.stderr.count("ValueError") == 2, "the thread's and the program's"
    assert "our own debug line" in died.stderr
