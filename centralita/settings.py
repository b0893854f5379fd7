"""The settings of the whole product: `centralita.toml`, then the environment, typed and checked once at the start.

`CENTRALITA_ASTERISK__ARI_URL` stands for `ari_url` of `[asterisk]`: section and key parted by two underscores. A few
names that other documents use stand for keys too (`ALIASES`). Nothing below the composition root reads the environment.
"""

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from conversation.turn_settings import TurnSettings
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured, Problem, nearest, problems_of, read_toml
from vocabulary.secret import SecretRef

PREFIX: Final = "CENTRALITA_"
FILE_VARIABLE: Final = "CENTRALITA_CONFIG"
"""Names the settings file when the command line does not."""
DEFAULT_FILE: Final = "centralita.toml"
ALIASES: Final[Mapping[str, str]] = {
    "STORAGE_BACKEND": "storage.backend",
    "STORAGE_LOCAL_PATH": "storage.local_path",
    "STT_MODEL": "speech.ear",
    "TTS_MODEL": "speech.mouth",
    "LLM_PROVIDER": "mind.provider",
    "S3_BUCKET": "storage.s3_bucket",
    "S3_REGION": "storage.s3_region",
    "S3_ENDPOINT_URL": "storage.s3_endpoint",
    "DATABASE_URL": "storage.database",
    "CENTRALITA_BLOCKLIST": "agi.blocklist",
}
"""Environment variables of the user's own documents, and the keys they stand for."""


def _placed(path: Path, info: ValidationInfo) -> Path:
    """Make a relative path relative to the settings file, so that it does not depend on who starts us where."""
    folder: Path = (info.context or {}).get("folder", Path())
    return (folder / path.expanduser()).absolute()


PlacedPath = Annotated[Path, AfterValidator(_placed)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class AsteriskSettings(_Section):
    """The Asterisk we live in."""

    ari_url: str = Field(default="http://127.0.0.1:8088", pattern=r"^https?://[^/\s]+(/[^\s]*)?$")
    """Base of its HTTP server, without /ari."""
    ari_user: str = "centralita"
    """User in ari.conf."""
    ari_password: SecretRef = SecretRef("env:CENTRALITA_ARI_PASSWORD")
    """That user's password."""
    app: str = Field(default="centralita", pattern=r"^[A-Za-z0-9_-]+$")
    """Name of our application, as the dialplan says it: Stasis(app,agent,did)."""
    request_seconds: Seconds = 5.0
    """Deadline of one request."""


class AgiSettings(_Section):
    """Screening callers: by our FastAGI server, before the dialplan gives us a call, and at our own door."""

    enabled: bool = False
    """`centralita up` also runs `agi`, which serves agi://host:port/entry for the dialplan (docs/agi-and-ami.md)."""
    host: str = "127.0.0.1"
    """Address it listens on; AGI has neither password nor encryption."""
    port: int = Field(default=4573, ge=1, le=65535)
    """TCP port; the dialplan names it. 4573 is Asterisk's own default for agi://."""
    peers: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses of Asterisks that may ask, besides `host` itself."""
    blocklist: PlacedPath | None = None
    """File of callers who are refused; with it `calls` screens too, whether or not AGI is on. Without: nobody."""


class AmiSettings(_Section):
    """Watching queues and ends of calls by Asterisk's manager interface."""

    enabled: bool = False
    """`calls` looks whether anybody is in a queue before it sends a caller there, and notes why calls ended."""
    host: str = "127.0.0.1"
    """Address of the manager interface; keep it on loopback."""
    port: int = Field(default=5038, ge=1, le=65535)
    """Its TCP port."""
    user: str = Field(default="centralita", min_length=1)
    """A section of manager.conf."""
    password: SecretRef = SecretRef("env:CENTRALITA_AMI_PASSWORD")
    """That user's secret."""


class AudioSocketSettings(_Section):
    """Where Asterisk brings the sound."""

    host: str = "127.0.0.1"
    """Address we listen on; anything but loopback needs a firewall, for AudioSocket has no password."""
    port: Port = 0
    """TCP port; 0 takes a free one, Asterisk is told which."""
    max_calls: int = Field(default=500, ge=1)
    """Connections at once; further callers go to their fallback."""
    rate: Literal[8000, 16000] = 8000
    """Hertz: 8000 for telephone lines, 16000 where phones speak wideband."""
    identify_seconds: Seconds = 2.0
    """A connection that has not said whose it is by then is closed."""


class SpeechSettings(_Section):
    """The `speech` process: ears and mouths."""

    socket: PlacedPath = Path("run/speech.sock")
    """Unix socket it serves."""
    ear: str = Field(default="tiny", pattern=r"^(tiny|scripted|fake)(:.*)?$")
    """Speech to text: "tiny", our small Spanish model for demonstrations and tests."""
    mouth: str = Field(default="espeak", pattern=r"^(espeak|scripted|fake)(:.*)?$")
    """Text to speech: "espeak"."""
    transcribe_seconds: Seconds = 4.0
    """An ear that needs longer counts as broken."""
    first_sound_seconds: Seconds = 3.0
    """A mouth whose first sound takes longer counts as broken."""
    start_seconds: Seconds = 30.0
    """How long the process may take to load its models."""


class MindSettings(_Section):
    """What thinks."""

    provider: Literal["script"] = "script"
    """"script": the guided dialogue in the agent's file."""
    first_words_seconds: Seconds = 8.0
    """A mind that says nothing for so long counts as broken."""
    patience_seconds: Seconds = 1.5
    """After so long without an answer the caller hears "un momento, por favor"."""
    tool_seconds: Seconds = 5.0
    """A tool that needs longer counts as failed."""


class TurnsSection(_Section):
    """Who speaks when."""

    def for_language(self, language: str) -> TurnSettings:
        """Return what the turn machine of an agent's call is made with.

        Raises: ConfigurationError, naming the key.
        """
        return TurnSettings(language=language, **self.model_dump())


if TYPE_CHECKING:
    TurnsSettings = TurnsSection
else:
    # The knobs and their defaults live with the turn machine; only the language is the agent's.
    TurnsSettings = create_model(
        "TurnsSettings",
        __base__=TurnsSection,
        **{
            knob.name: (knob.type, knob.default) for knob in dataclasses.fields(TurnSettings) if knob.name != "language"
        },
    )


class VoiceSettings(_Section):
    """What counts as a voice."""

    detector: Literal["auto", "webrtc", "silero"] = "auto"
    """"auto" takes silero where its model file is installed, else webrtc alone."""
    model: PlacedPath | None = None
    """Silero's ONNX file; without it, where set-up puts it."""
    threshold: float = Field(default=0.35, gt=0, lt=1)
    """Probability from which a frame is a voice."""
    hysteresis: float = Field(default=0.15, ge=0, lt=1)
    """A voice ends only this far below the threshold."""


class StorageSettings(_Section):
    """What we keep, and where."""

    backend: Literal["local", "s3", "both"] = "local"
    """"local": files on this machine; "both": these, then S3; "s3": S3, and nothing stays here once it is there."""
    local_path: PlacedPath = Path("data/recordings")
    """Folder of the recordings, with audio/, metadata/ and transcripts/."""
    database: str = ""
    """URL of the database; "" is SQLite, centralita.db beside the folder of recordings."""
    s3_bucket: str = ""
    """Bucket of the recordings in S3."""
    s3_region: str = "us-east-1"
    """Its region."""
    s3_endpoint: str = ""
    """Address of an S3 that is not Amazon's; "" is Amazon's."""
    s3_prefix: str = ""
    """What the names of all our objects begin with."""
    s3_access_key_id: SecretRef = SecretRef("env:AWS_ACCESS_KEY_ID")
    """Who we are there."""
    s3_secret_access_key: SecretRef = SecretRef("env:AWS_SECRET_ACCESS_KEY")
    """The secret to it."""
    master_key: SecretRef | None = None
    """With it recordings are encrypted (docs/recordings.md says how one is made)."""
    older_master_keys: tuple[SecretRef, ...] = ()
    """Still read, no longer used for new calls."""
    encryption_keys: PlacedPath = Path("data/keys")
    """Folder of the calls' wrapped keys; outside of local_path, for who deletes a key there has deleted the call."""
    customers_in: Literal["database", "file"] = "database"
    """Where tools look customers up; "file": in `customers` and `customers_journal`, without a database."""
    customers_seconds: Seconds = 2.0
    """A database that needs longer to answer a tool counts as out of reach this time."""
    customers: PlacedPath = Path("examples/customers.toml")
    """Customers entered into a new database, once; with "file", the store itself (docs/agents.md)."""
    customers_journal: PlacedPath = Path("data/customers.jsonl")
    """Where changes of customers are kept with "file"."""
    notes: PlacedPath = Path("data/notes")
    """Folder of callbacks and other notes of calls, until the worker has taken them up."""


class OfflineSettings(_Section):
    """The second listening, when a call is over (docs/batch.md)."""

    worker: bool = True
    """`centralita up` also runs `worker`, which does what calls leave behind; off: another machine's does, or cron."""
    after_calls: bool = True
    """`worker` listens to every call again; off: only `centralita batch` does."""
    concurrency: int = Field(default=1, ge=1, le=64)
    """Recordings that `worker` listens to at a time, each in a process."""
    niceness: int = Field(default=15, ge=0, le=19)
    """How far `worker` stands back for voices when the processor is short: 0 not at all, 19 behind everything."""
    ear: str = "tiny"
    """"tiny", or "whisper:" and the folder of a model converted for CTranslate2."""
    threshold: float = Field(default=0.2, ge=0, le=1)
    """Estimated share of wrong words above which a recording is listened to again."""
    country: str = Field(default="ES", pattern="^[A-Z]{2}$")
    """Whose numbers and money callers mean where the number they dialled does not tell."""
    time_zone: str = ""
    """Of the callers' calendar, such as "Europe/Madrid"; "" is this machine's."""


class SecondOpinionSettings(_Section):
    """A language model that also judges finished calls; callers' words leave for its server (docs/analysis.md)."""

    enabled: bool = False
    """On: every call that is listened to again is shown to the model."""
    url: str = Field(default="", pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$")
    """Base of an OpenAI-compatible server, up to and with the version, such as "http://127.0.0.1:1234/v1"."""
    model: str = ""
    """Which model of that server is asked."""
    api_key: SecretRef | None = None
    """Its key; without it none is sent."""
    timeout_seconds: Seconds = 60.0
    """Deadline of one answer; it is asked twice at most, and without an answer the analysis is that of the rules."""
    max_tokens: int = Field(default=2000, ge=1)
    """Longest answer; one that breaks off is none."""


class EventsSettings(_Section):
    """The stream of live events that `centralita calls` and dashboards read."""

    host: str = "127.0.0.1"
    """Address we listen on."""
    port: int = Field(default=8765, ge=1, le=65535)
    """TCP port; `guard` and the command line must know it, so it cannot be a free one."""
    token: SecretRef | None = None
    """Who knows it may listen; without it one is made and kept in the state folder (events.token)."""


class AgentsSettings(_Section):
    """Who answers."""

    folder: PlacedPath = Path("agents")
    """Folder of the agents' files."""
    default: str = "telecom"
    """The agent of numbers that have none of their own."""
    by_did: Mapping[str, str] = Field(default_factory=dict)
    """Agent for each number dialled, as the dialplan passes it."""


class RunSettings(_Section):
    """The running processes."""

    state_folder: PlacedPath = Path("run")
    """What must survive a crash of ours: dialogues, tokens, process ids."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is worth a line in the log."""
    log_numbers: bool = False
    """The numbers of callers who were screened or refused stand in the log."""
    adopt_seconds: Seconds = 2.0
    """A caller whom a restarted process has not taken back by then goes to the fallback."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class Settings(_Section):
    """Everything."""

    asterisk: AsteriskSettings = Field(default_factory=AsteriskSettings)
    agi: AgiSettings = Field(default_factory=AgiSettings)
    ami: AmiSettings = Field(default_factory=AmiSettings)
    audio_socket: AudioSocketSettings = Field(default_factory=AudioSocketSettings)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    voice: VoiceSettings = Field(default_factory=VoiceSettings)
    turns: TurnsSettings = Field(default_factory=TurnsSettings)
    mind: MindSettings = Field(default_factory=MindSettings)
    agents: AgentsSettings = Field(default_factory=AgentsSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    offline: OfflineSettings = Field(default_factory=OfflineSettings)
    second_opinion: SecondOpinionSettings = Field(default_factory=SecondOpinionSettings)
    events: EventsSettings = Field(default_factory=EventsSettings)
    run: RunSettings = Field(default_factory=RunSettings)


def load_settings(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: `path`, else the file CENTRALITA_CONFIG names, else centralita.toml if there is one.

    Relative paths in it are relative to the file's folder, or to the current one when there is no file.

    Raises: Misconfigured, with everything that is wrong.
    """
    environment = os.environ if environment is None else environment
    path = settings_file(path, environment)
    written = read_toml(path) if path else {}
    source = str(path) if path else "defaults"
    problems: list[Problem] = []
    sources: dict[str, str] = {}
    told = _from_environment(environment, sources, problems, _secret_variables(written))
    data = _merged(written, told)
    # An empty section in the file is a section with its defaults; every section must be validated with the folder.
    for section in Settings.model_fields:
        data.setdefault(section, {})
    folder = path.absolute().parent if path else Path.cwd()
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(data, context={"folder": folder})
    except ValidationError as exc:
        problems += problems_of(exc, Settings, source, sources)
    if settings is not None:
        problems += _unfit(settings, source)
    if problems or settings is None:
        raise Misconfigured(problems)
    return settings


def settings_file(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the file `load_settings` reads, or None when there is none and the defaults serve."""
    if path is not None:
        return path
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    usual = Path(DEFAULT_FILE)
    return usual if usual.exists() else None


def _unfit(settings: Settings, source: str) -> list[Problem]:
    """Check what only the whole can know."""
    opinion = settings.second_opinion
    problems = [
        Problem(source, f"second_opinion.{key}", "is required and missing: second_opinion.enabled is true.")
        for key in ("url", "model")
        if opinion.enabled and not getattr(opinion, key)
    ]
    try:
        settings.turns.for_language("es")
    except ConfigurationError as exc:
        key, _, message = str(exc).partition(" ")
        problems.append(Problem(source, key, message))
    return problems


def _from_environment(
    environment: Mapping[str, str], sources: dict[str, str], problems: list[Problem], secrets: set[str]
) -> dict[str, Any]:
    """Return what the environment says, as nested as the file; `sources` learns which variable said what."""
    told: dict[str, Any] = {}
    for alias, key in ALIASES.items():
        if environment.get(alias):
            _put(told, key.split("."), environment[alias])
            sources[key] = alias
    sections = Settings.model_fields
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in secrets:
            continue
        parts = variable.removeprefix(PREFIX).lower().split("__")
        if len(parts) == 2 and parts[0] in sections:
            _put(told, parts, _plain_or_json(environment[variable]))
            sources[".".join(parts)] = variable
        elif len(parts) > 1:
            problems.append(Problem(variable, parts[0], f"is no section.{nearest(parts[0], sections)}"))
        elif section := _section_of(parts[0]):
            rest = parts[0].removeprefix(f"{section}_").upper()
            right = f"{PREFIX}{section.upper()}__{rest}"
            problems.append(Problem(variable, "", f"is no setting; two underscores part section and key: {right}"))
    return told


def _section_of(name: str) -> str | None:
    return next((section for section in Settings.model_fields if name.startswith(f"{section}_")), None)


def _secret_variables(written: Mapping[str, Any]) -> set[str]:
    """Return the environment variables that hold secrets or ourselves, and hence are no settings."""
    values = [value for section in written.values() if isinstance(section, Mapping) for value in section.values()]
    named = {str(value).partition(":")[2] for value in values if str(value).startswith("env:")}
    usual = {AsteriskSettings().ari_password.variable, AmiSettings().password.variable}
    return named | usual | {FILE_VARIABLE}


def _plain_or_json(value: str) -> object:
    """Read tables and lists as JSON; everything else stays text, which pydantic turns into what is wanted."""
    if value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _put(nested: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        nested = nested.setdefault(part, {})
    nested[path[-1]] = value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `above` over `below`, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(under, value) if both and isinstance(under, Mapping) else value
    return merged
