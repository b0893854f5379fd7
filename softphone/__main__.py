"""`python -m softphone`: register, or call somebody with a WAV file, from a terminal."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from softphone.call import CallFailed, SoftphoneError
from softphone.codecs import ALAW, L16_16K, ULAW
from softphone.phone import Phone
from softphone.wav import read_wav

app = typer.Typer(add_completion=False, no_args_is_help=True, help="A telephone without sound hardware.")

CODEC_NAMES = {"alaw": ALAW, "ulaw": ULAW, "slin16": L16_16K}

Server = Annotated[str, typer.Option(help="The PBX's SIP address, host:port (UDP).")]
User = Annotated[str, typer.Option(help="User name; `caller` needs no password on the private PBX.")]
Password = Annotated[str, typer.Option(help="Password, when the PBX asks.", envvar="SOFTPHONE_PASSWORD")]


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.partition(":")
    if port and not port.isdecimal():
        raise typer.BadParameter(f"{server}: the port must be a number")
    return host, int(port or 5060)


@app.command()
def register(server: Server = "127.0.0.1:5060", user: User = "200", password: Password = "") -> None:
    """Try a user name and password: register and take it back."""

    async def run() -> None:
        async with await Phone.open(_address(server), user, password or None) as phone:
            await phone.register()
            typer.echo(f"{user} is registered at {server}")

    _run(run())


@app.command()
def call(
    extension: Annotated[str, typer.Argument(help="Whom to call.")],
    server: Server = "127.0.0.1:5060",
    user: User = "caller",
    password: Password = "",
    codec: Annotated[str, typer.Option(help="alaw, ulaw, or slin16 for wide band.")] = "alaw",
    play: Annotated[Path | None, typer.Option(help="16 bit WAV file to say.", exists=True, dir_okay=False)] = None,
    digits: Annotated[str, typer.Option(help="Keys to press first.")] = "",
    record: Annotated[Path | None, typer.Option(help="Stereo WAV: what was said left, what was heard right.")] = None,
    seconds: Annotated[float, typer.Option(help="Longest time to listen after that.")] = 30.0,
) -> None:
    """Call an extension, press keys, say a WAV file, listen until the other end hangs up."""
    if codec not in CODEC_NAMES:
        raise typer.BadParameter(f"codec {codec}: one of {', '.join(CODEC_NAMES)}")

    async def run() -> None:
        async with await Phone.open(_address(server), user, password or None, codecs=(CODEC_NAMES[codec],)) as phone:
            ours = await phone.call(extension)
            typer.echo(f"{extension} answered, {ours.media.codec.name} at {ours.media.rate} Hz")
            if digits:
                await ours.media.send_digits(digits)
            if play is not None:
                await ours.media.play(read_wav(play, ours.media.rate))
            try:
                async with asyncio.timeout(seconds):
                    ended = await ours.wait_ended()
                typer.echo(f"the other end hung up, cause {ended.cause}")
            except TimeoutError:
                await ours.hang_up()
                typer.echo("we hung up")
            pressed = "".join(digit for _, digit in ours.media.digits_heard)
            typer.echo(
                f"heard {ours.media.packets_heard / 50:.1f} s of sound" + (f" and keys {pressed}" * bool(pressed))
            )
            if record is not None:
                ours.media.save_wav(record, with_sent=True)
                typer.echo(f"recorded in {record}")

    _run(run())


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it, and tell a person in one line what went wrong."""
    try:
        asyncio.run(work)
    except CallFailed as exc:
        typer.echo(f"refused: {exc}", err=True)
        raise typer.Exit(1) from exc
    except SoftphoneError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc


if __name__ == "__main__":
    app()
