"""Click classes whose help speaks the language of the command, and which take the common options."""

from __future__ import annotations

import difflib
import keyword
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli import front
from qmsdocs.cli.words import Wishes, say
from qmsdocs.store.place import refuse_kept

F = TypeVar("F", bound=Callable[..., Any])


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    wishes = context.find_root().obj
    if not isinstance(wishes, Wishes) or value in (None, False):
        return
    name = parameter.name or ""
    if name == "on":
        wishes.on = _day(str(value))
    elif name != "lang":
        setattr(wishes, name, value)


def _day(written: str) -> date:
    try:
        found = datetime.strptime(written, "%Y-%m-%d").date()
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise QmsError("--on {written}: must be a date such as 2026-11-21", written=written)
    return found


class Option(click.Option):
    """An option whose help is translated; one that is given says something, and no output replaces what is kept."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, Any]:
        value, source = super().consume_value(ctx, opts)
        given = value if isinstance(value, list | tuple) else (value,)
        if source is ParameterSource.COMMANDLINE and any(isinstance(text, str) and not text.strip() for text in given):
            raise QmsError("{option}: {what}", option=self.opts[-1], what=message("is missing"))
        if self.name == "output" and isinstance(value, str) and value != "-":
            refuse_kept(Path(value))
        return value, source

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None:
            return None
        return record[0], say(ctx, self.help) if self.help else record[1]


class Argument(click.Argument):
    """An argument whose help is translated."""

    def __init__(self, *args: Any, help: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.said = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        return self.human_readable_name, say(ctx, self.said)


def _common(*names: str, **settings: Any) -> Option:
    return Option(names, expose_value=False, callback=_note, **settings)


COMMON = (  # what they are for stands on the front page
    _common("-C", "--root", type=click.Path(readable=False, path_type=Path)),
    _common("-q", "--quiet", is_flag=True),
    _common("-v", "--verbose", is_flag=True),
    _common("--lang", type=click.Choice(front.LANGUAGES)),
    _common("--color", type=click.Choice(["auto", "always", "never"])),
    _common("--on", metavar="DATE"),
    _common("--as", "person", metavar="PERSON"),
    _common("--site", metavar="SITE"),
)


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option whose help is translated."""
    return click.option(*names, cls=Option, **settings)


def writing(function: F) -> F:
    """The options of every command that writes."""
    for decorate in (
        option("-m", "--reason", metavar="REASON", help="Why."),
        option("--clock-is-right", is_flag=True, help="Confirm an unusual time (with -m)."),
        option("-n", "--dry-run", is_flag=True, help="Plan only, write nothing."),
    ):
        function = decorate(function)
    return function


def argument(name: str, **settings: Any) -> Callable[[F], F]:
    """An argument whose help is translated."""
    return click.argument(name, cls=Argument, **settings)


def pass_session(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command function with the session as its first argument; only here the libraries are loaded."""

    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> Any:
        wishes = click.get_current_context().find_root().obj
        if wishes.session is None:
            wishes.session = import_module("qmsdocs.cli.session").begun(wishes)
        return function(wishes.session, *args, **kwargs)

    return command


class Command(click.Command):
    """A command whose help is translated, and which takes the common options wherever they stand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"], "max_content_width": 110})
        super().__init__(*args, **kwargs)
        own = {option for parameter in self.params for option in parameter.opts}
        self.params += [option for option in COMMON if not own & set(option.opts)]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say(ctx, "Show this text.")
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=say(ctx, "Usage: "))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            for line in say(ctx, _template(self.help)).split("\n"):
                formatter.write_text(line)

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002
        return _template(self.help)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        arguments = [p.get_help_record(ctx) for p in self.params if isinstance(p, Argument)]
        if arguments:
            _listed(formatter, say(ctx, "Arguments:"), arguments)
        shown = [p for p in self.get_params(ctx) if p not in COMMON and not isinstance(p, Argument)]
        _listed(formatter, say(ctx, "Options:"), [r for p in shown if (r := p.get_help_record(ctx)) is not None])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(say(ctx, "Every command takes the options of the first page too: qmsdocs --help"))


def _listed(formatter: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    with formatter.indentation():
        formatter.write_dl(rows)


def _template(help_text: str | None) -> str:
    return " ".join((help_text or "").split())


class Group(Command, click.Group):
    """A group whose help is translated; its commands may live in modules that are imported only when used."""

    command_class = Command

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*self.lazy, *(name for name in self.commands if name not in self.lazy)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy:
            function = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name.replace("-", "_")
            found = getattr(import_module(f"qmsdocs.cli.{self.lazy[cmd_name]}"), function)
            assert isinstance(found, click.Command)
            return found
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and self.get_command(ctx, name) is None:
            close = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            proposed = f"{ctx.command_path} {close[0]}" if close else f"{ctx.command_path} --help"
            hint = message("{command}", command=proposed)
            raise QmsError("there is no command {name}", name=f"{ctx.command_path} {name}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        Command.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, say(ctx, _template(below.help))) for name, below in commands if below is not None]
        _listed(formatter, say(ctx, "Commands:"), rows)
