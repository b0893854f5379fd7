"""What is known of a call while it lasts and after it: its turns for the transcript, its figures, its live events."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ari_app.call_mood import (
    alert_of,
    clarification_told,
    context_told,
    entry_of,
    mood_figures,
    sentiment_told,
    turn_figures,
)
from ari_app.json_shape import to_json_object
from ari_app.live import LiveStream
from ari_app.live_events import (
    CallEnded,
    CallSnapshot,
    CallStarted,
    CallStateChanged,
    LevelMeasured,
    PartialHeard,
    TransferChanged,
    TurnTaken,
)
from conversation.decisions import TurnEnded
from conversation.sentiment import ALERT_BELOW
from conversation.understanding import NOTHING_READ, Reading
from storage.metadata.schema import SCHEMA_VERSION
from storage.recordings import Recording
from vocabulary.call import CallIdentity, Ending, Hangup, TurnLatency
from vocabulary.speech import Correction


class CallLog:
    """Notes what happens and tells whoever watches; words go into files and events, never into log messages."""

    def __init__(
        self, identity: CallIdentity, live: LiveStream, started_at: float, turns: Sequence[Mapping[str, Any]]
    ) -> None:
        """`started_at` is Unix time; `turns` are those an earlier process noted of this call."""
        self._identity = identity
        self._live = live
        self._started_at = started_at
        self._turns: list[dict[str, Any]] = [dict(turn) for turn in turns]
        self._latency: TurnLatency | None = None
        """Of the answer that is being spoken; goes to its first sentence."""
        self.state = "arriving"
        self.interruptions = sum(bool(turn.get("was_interrupted")) for turn in self._turns)
        self.alerts = sum(turn.get("sentiment", {}).get("score", 0.0) < ALERT_BELOW for turn in self._turns)
        """Turns after which a supervisor was told of the caller's mood."""
        self.gap_seconds: float | None = None
        """How long the caller heard nothing while `calls` was restarted."""
        self.hangup: Hangup | None = None
        """How the PBX saw the end, once and if it is known."""

    @property
    def turns(self) -> tuple[dict[str, Any], ...]:
        """The transcript so far, as JSON values."""
        return tuple(self._turns)

    def snapshot(self) -> CallSnapshot:
        who = self._identity
        return CallSnapshot(
            call_id=who.call_id,
            channel_id=who.channel_id,
            agent=who.agent,
            did=who.did,
            caller=who.caller,
            state=self.state,
            started_at=self._started_at,
            turns=len(self._turns),
        )

    def started(self) -> None:
        self._live.publish(CallStarted.of(self._identity, self._started_at))

    def state_is(self, state: str) -> None:
        """Note and tell a state of `docs/states.md`, if it is news."""
        if state != self.state:
            self.state = state
            self._live.publish(CallStateChanged(time.time(), self._identity.call_id, state))

    def partial(self, text: str) -> None:
        """Words that may still change."""
        self._live.publish(PartialHeard(time.time(), self._identity.call_id, text))

    def caller_said(self, correction: Correction, turn: TurnEnded | None, reading: Reading) -> None:
        """A turn of the caller's: spoken (`turn`), or typed; and what the dialogue read in it."""
        now = time.time()
        entry: dict[str, Any] = {
            "speaker": "caller",
            "at": round(now - self._started_at, 3),
            "text": correction.text,
            "heard": correction.heard,
        }
        if turn is not None and turn.transcript is not None:
            ended = now - self._started_at - turn.silence_seconds
            entry |= {
                "begin_seconds": round(ended - turn.speech_seconds, 3),
                "end_seconds": round(ended, 3),
                "confidence": round(turn.transcript.confidence, 3),
                "corrections": [
                    {"heard": one.heard, "meant": one.meant, "rule": one.rule} for one in correction.replacements
                ],
            }
        is_read = reading is not NOTHING_READ
        self._turns.append(entry | entry_of(reading) if is_read else entry)
        call_id = self._identity.call_id
        heard = correction.heard if correction.heard != correction.text else ""
        self._live.publish(
            TurnTaken(
                now,
                call_id,
                "caller",
                correction.text,
                heard,
                sentiment=sentiment_told(reading) if is_read else None,
                context=context_told(reading) if is_read else None,
                clarification=clarification_told(reading),
            )
        )
        alert = alert_of(reading, now, call_id, correction.text)
        if alert is not None:
            self.alerts += 1
            self._live.publish(alert)

    def answered(self, latency: TurnLatency) -> None:
        """Our answer's first sound has been sent."""
        self._latency = latency

    def agent_said(self, text: str, was_interrupted: bool) -> None:
        """A sentence of ours, as far as it was heard."""
        now = time.time()
        latency, self._latency = self._latency, None
        self.interruptions += was_interrupted
        entry: dict[str, Any] = {
            "speaker": "agent",
            "at": round(now - self._started_at, 3),
            "text": text,
            "was_interrupted": was_interrupted,
        }
        if latency is not None:
            entry["latency"] = {name: getattr(latency, name) for name in TurnLatency.__slots__}
        self._turns.append(entry)
        self._live.publish(
            TurnTaken(now, self._identity.call_id, "agent", text, "", latency, was_interrupted=was_interrupted)
        )

    def transfer(self, target: str, kind: str, state: str, reason: str = "") -> None:
        self._live.publish(TransferChanged(time.time(), self._identity.call_id, target, kind, state, reason))

    def levels(self, caller_dbfs: float, agent_dbfs: float) -> None:
        self._live.publish(LevelMeasured(time.time(), self._identity.call_id, caller_dbfs, agent_dbfs))

    def ended(self, ending: Ending) -> None:
        now = time.time()
        self.state = "ended"
        seconds = now - self._started_at
        self._live.publish(CallEnded.of(self._identity.call_id, ending, now, seconds, len(self._turns), self.hangup))

    # ── files ──

    def figures(self, ending: Ending) -> dict[str, Any]:
        """The call in numbers; milliseconds and seconds."""
        latencies = [turn["latency"] for turn in self._turns if "latency" in turn]

        def mean(stage: str) -> float | None:
            return round(sum(one[stage] for one in latencies) / len(latencies), 1) if latencies else None

        return {
            "duration_seconds": round(time.time() - self._started_at, 3),
            "total_turns": len(self._turns),
            "avg_stt_latency_ms": mean("stt_ms"),
            "avg_llm_latency_ms": mean("llm_ms"),
            "avg_tts_latency_ms": mean("tts_ms"),
            "avg_own_latency_ms": mean("own_ms"),
            "avg_total_latency_ms": mean("total_ms"),
            "interruptions_count": self.interruptions,
            "gap_seconds": self.gap_seconds,
            **mood_figures(self._turns, self.alerts),
            "outcome": ending.value,
        }

    def transcript(self) -> dict[str, Any]:
        """What `rec_<id>_transcript.json` holds."""
        return {**self._common(), "turns": self._turns}

    def metadata(self, ending: Ending, recording: Recording, language: str, checksum: str = "") -> dict[str, Any]:
        """What `rec_<id>_metadata.json` holds, by `storage.metadata.schema`; `checksum`: `sha256:…` of the sound."""
        call_id = self._identity.call_id
        common = self._common()
        del common["call_id"]
        figures = self.figures(ending)
        return {
            "schema_version": SCHEMA_VERSION,
            "recording_id": f"rec_{call_id}",
            "conversation_id": call_id,
            **common,
            "language": language,
            "audio": {
                "file": recording.path.name,
                "sample_rate": recording.rate,
                "channels": ["caller", "agent"],
                "duration_seconds": round(recording.seconds, 3),
                "checksum": checksum,
                "seconds_lost": recording.seconds_lost,
            },
            "transcription": self._transcription(),
            "metrics": figures,
            "turns": turn_figures(self._turns),
            "processed": False,
            "processing_mode": "online",
            "outcome": figures["outcome"],
            "hangup": to_json_object(self.hangup),
        }

    def _transcription(self) -> dict[str, Any]:
        """What the caller said, as heard and as corrected; the turns are in the transcript."""
        said = [(place, turn) for place, turn in enumerate(self._turns) if turn["speaker"] == "caller"]
        sure = [turn["confidence"] for _, turn in said if turn.get("confidence") is not None]
        return {
            "text": "\n".join(turn["text"] for _, turn in said),
            "raw_text": "\n".join(turn.get("heard", turn["text"]) for _, turn in said),
            "confidence": round(sum(sure) / len(sure), 3) if sure else None,
            "corrections": [one | {"turn": place} for place, turn in said for one in turn.get("corrections", ())],
        }

    def _common(self) -> dict[str, Any]:
        who = self._identity
        return {
            "call_id": who.call_id,
            "agent": who.agent,
            "did": who.did,
            "caller": who.caller,
            "started_at": self._started_at,
        }
