"""Train the `tiny` ear from nothing: `python -m training.tiny.train --out engines/stt/tiny/model.npz`.

Speaks its lessons with espeak-ng, learns a small convolutional network with CTC (Graves 2006) in jax, and writes the
weights as float16 for the numpy twin in `engines/stt/tiny/network.py`. `training.tiny.calibrate` comes after.
"""

import argparse
import pickle
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax  # type: ignore[import-untyped]  # ships no types
from rich.console import Console
from rich.progress import track

from engines.stt.tiny.features import BANDS, INPUTS, STACKED
from engines.stt.tiny.network import DILATIONS, WIDTH
from engines.stt.tiny.phones import SYMBOLS
from training.tiny.speech import Lesson, lessons

Weights = dict[str, jax.Array]
Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

BATCH = 32
PEAK_LEARNING_RATE = 2.5e-3
console = Console()


def first_weights(seed: int) -> Weights:
    """Return the untrained network."""
    weights: Weights = {}
    keys = jax.random.split(jax.random.PRNGKey(seed), len(DILATIONS) + 1)
    inputs = INPUTS
    for layer, key in enumerate(keys[:-1]):
        weights[f"kernel{layer}"] = jax.random.normal(key, (3 * inputs, WIDTH)) * (2 / (3 * inputs)) ** 0.5
        weights[f"bias{layer}"] = jnp.zeros(WIDTH)
        weights[f"gain{layer}"] = jnp.ones(WIDTH)
        weights[f"shift{layer}"] = jnp.zeros(WIDTH)
        inputs = WIDTH
    weights["kernel_out"] = jax.random.normal(keys[-1], (WIDTH, SYMBOLS)) * 0.02
    weights["bias_out"] = jnp.zeros(SYMBOLS)
    return weights


def logits_of(weights: Weights, frames: jax.Array, padding: jax.Array) -> jax.Array:
    """Return (batch, frames, SYMBOLS); the numpy twin is `engines.stt.tiny.network.Network`."""
    real = (1 - padding)[:, :, None]
    hidden = frames * real
    for layer, dilation in enumerate(DILATIONS):
        length = hidden.shape[1]
        wide = jnp.pad(hidden, ((0, 0), (dilation, dilation), (0, 0)))
        seen = jnp.concatenate([wide[:, :length], hidden, wide[:, 2 * dilation : 2 * dilation + length]], -1)
        out = jax.nn.relu(seen @ weights[f"kernel{layer}"] + weights[f"bias{layer}"])
        mean = out.mean(-1, keepdims=True)
        variance = ((out - mean) ** 2).mean(-1, keepdims=True)
        out = (out - mean) / jnp.sqrt(variance + 1e-5) * weights[f"gain{layer}"] + weights[f"shift{layer}"]
        hidden = (out if layer == 0 else hidden + out) * real
    return hidden @ weights["kernel_out"] + weights["bias_out"]


def batch_of(group: list[Lesson], rng: np.random.Generator) -> Batch:
    """Return frames, their padding, labels, their padding; with bands and moments hidden at random."""
    frames = -(-max(len(lesson.frames) for lesson in group) // 40) * 40
    symbols = max(8, -(-max(len(lesson.labels) for lesson in group) // 24) * 24)
    inputs = np.zeros((len(group), frames, INPUTS), np.float32)
    inputs_padding = np.ones((len(group), frames), np.float32)
    labels = np.zeros((len(group), symbols), np.int32)
    labels_padding = np.ones((len(group), symbols), np.float32)
    for row, lesson in enumerate(group):
        length = len(lesson.frames)
        bands = lesson.frames.astype(np.float32).reshape(length, STACKED, BANDS)
        for _ in range(2):
            low = rng.integers(0, BANDS)
            bands[:, :, low : low + rng.integers(0, 8)] = 0
        start = rng.integers(0, length)
        bands[start : start + rng.integers(0, 4)] = 0
        inputs[row, :length] = bands.reshape(length, INPUTS)
        inputs_padding[row, :length] = 0
        labels[row, : len(lesson.labels)] = lesson.labels
        labels_padding[row, : len(lesson.labels)] = 0
    return inputs, inputs_padding, labels, labels_padding


def loss_of(
    weights: Weights, inputs: jax.Array, padding: jax.Array, labels: jax.Array, missing: jax.Array
) -> jax.Array:
    """Return the CTC loss per label of a batch."""
    losses = optax.ctc_loss(logits_of(weights, inputs, padding), padding, labels, missing)
    per_label: jax.Array = losses.sum() / jnp.maximum((1 - missing).sum(), 1.0)
    return per_label


def train(taught: list[Lesson], epochs: int, seed: int, out: Path) -> Weights:
    """Return the trained weights; each epoch's are written to `out`, so that a long training can be cut short."""
    rng = np.random.default_rng(seed)
    taught = sorted(taught, key=lambda lesson: (len(lesson.frames), len(lesson.labels)))
    groups = [taught[start : start + BATCH] for start in range(0, len(taught) - BATCH + 1, BATCH)]
    weights = first_weights(seed)
    rate = optax.warmup_cosine_decay_schedule(1e-4, PEAK_LEARNING_RATE, 300, epochs * len(groups), 2e-5)
    optimiser = optax.chain(optax.clip_by_global_norm(2.0), optax.adamw(rate, weight_decay=1e-3))
    state = optimiser.init(weights)

    @jax.jit
    def step(weights: Weights, state: optax.OptState, *batch: jax.Array) -> tuple[Weights, optax.OptState, jax.Array]:
        loss, gradients = jax.value_and_grad(loss_of)(weights, *batch)
        updates, state = optimiser.update(gradients, state, weights)
        return optax.apply_updates(weights, updates), state, loss

    began = time.monotonic()
    for epoch in range(1, epochs + 1):
        losses = []
        for done, place in enumerate(rng.permutation(len(groups)), start=1):
            weights, state, loss = step(weights, state, *batch_of(groups[place], rng))
            losses.append(float(loss))
            if done % 50 == 0:
                seconds = time.monotonic() - began
                console.print(f"epoch {epoch} {done}/{len(groups)} loss {np.mean(losses[-50:]):.3f} {seconds:.0f} s")
        write(weights, out)
        console.print(f"[bold]epoch {epoch} of {epochs}: loss per label {np.mean(losses):.3f}")
    return weights


def write(weights: Weights, out: Path) -> None:
    """Write the weights as float16."""
    halves: dict[str, Any] = {name: np.asarray(value, np.float16) for name, value in weights.items()}
    np.savez_compressed(out, **halves)


def main() -> None:
    """Read the command line, speak the lessons, train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("engines/stt/tiny/model.npz"))
    parser.add_argument("--lessons", type=int, default=18_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file to keep the spoken lessons in, to train again without speaking")
    chosen = parser.parse_args()
    if chosen.keep and chosen.keep.exists():
        taught = pickle.loads(chosen.keep.read_bytes())
    else:
        spoken = lessons(chosen.lessons, chosen.seed * 1_000_000, chosen.processes)
        taught = list(track(spoken, "speaking", total=chosen.lessons, console=console))
        if chosen.keep:
            chosen.keep.write_bytes(pickle.dumps(taught))
    hours = sum(len(lesson.frames) for lesson in taught) * 0.03 / 3600
    console.print(f"{len(taught)} lessons, {hours:.1f} hours")
    train(taught, chosen.epochs, chosen.seed, chosen.out)
    console.print(f"wrote {chosen.out}, {chosen.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
