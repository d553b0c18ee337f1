"""Every error of a command, turned into one line on stderr and an exit code."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable
from datetime import datetime

import click

from qmsdocs import __version__
from qmsdocs.base.errors import Message, QmsError, cause, message
from qmsdocs.base.language import Catalogue
from qmsdocs.cli.words import one_line

REFUSED, BUG, INTERRUPTED = 2, 3, 130
_EXTRA = re.compile(r"unexpected extra arguments? \((.*)\)")


def guarded(work: Callable[[], int], catalogue: Catalogue) -> int:
    """The exit code of `work`; what it raises is said on stderr."""
    try:
        code = work()
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be said
        return code
    except QmsError as error:
        return _refuse(catalogue, error.message, error.hint)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(catalogue.say("interrupted"), err=True)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return REFUSED
    except click.ClickException as error:
        return _refuse(catalogue, _usage(error), _usage_hint(error))
    except BrokenPipeError:
        _drop_answer()
        return 0
    except OSError as error:
        _drop_answer()
        said = message("{path}: {reason}", path=error.filename or "-", reason=cause(error))
        return _refuse(catalogue, said, None)
    except Exception:
        return _bug(catalogue)


def _drop_answer() -> None:
    """Nothing; what nobody can take of the answer is not tried again when the program ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(catalogue: Catalogue, said: Message, hint: Message | None) -> int:
    click.echo(catalogue.say("error: {what}", what=one_line(catalogue.say(said))), err=True)
    if hint is not None:
        click.echo(catalogue.say("hint: {what}", what=one_line(catalogue.say(hint))), err=True)
    return REFUSED


def _usage(error: click.ClickException) -> Message:
    """What click found wrong, in our words, so that they are translated."""
    match error:
        case click.NoSuchOption():
            return message("there is no option {option}", option=error.option_name)
        case click.MissingParameter() if error.param is not None:
            return message("{parameter} is missing", parameter=error.param.get_error_hint(error.ctx or _context()))
        case click.BadParameter() if error.param is not None:
            name = error.param.get_error_hint(error.ctx or _context())
            return message("{parameter}: {what}", parameter=name, what=_unfit(error.param, error.message))
        case click.BadOptionUsage() if "requires" in error.message:
            return message("there must be a value behind {option}", option=error.option_name)
        case click.BadOptionUsage():
            return message("{option} takes no value", option=error.option_name)
        case click.UsageError() if (extra := _EXTRA.search(error.message)) is not None:
            return message("{words}: this is more than the command takes", words=extra[1])
        case _:
            return message("{what}", what=error.format_message())


def _unfit(parameter: click.Parameter, said: str) -> Message | str:
    if isinstance(parameter.type, click.Choice):
        return message("must be one of {allowed}", allowed=tuple(parameter.type.choices))
    return said


def _context() -> click.Context:
    return click.Context(click.Command("qmsdocs"))


def _usage_hint(error: click.ClickException) -> Message | None:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return message("{command} --help", command=error.ctx.command_path)
    return None


def _bug(catalogue: Catalogue) -> int:
    import tempfile
    import traceback

    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    handle, name = tempfile.mkstemp(prefix=f"qmsdocs-{stamp}-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        kind, _, frames = sys.exc_info()  # not what it says: that may hold words of a record
        log.write(f"qmsdocs {__version__}, Python {sys.version}\n{''.join(traceback.format_tb(frames))}{kind}\n")
    click.echo(catalogue.say("error: this is a mistake of the program; the details are in {path}", path=name), err=True)
    return BUG
