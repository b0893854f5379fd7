"""What a call is about: topics that an utterance tells, in words that are on no list too."""

from pathlib import Path

import numpy as np
import pytest

from offline.analysis.call import AgentVocabulary
from offline.analysis.features import BUCKETS
from offline.analysis.fit.learning import Judged, fitted_threshold, train_topics
from offline.analysis.fit.sentences import Sentence, digest, drawn_sentences, dressed_wordings
from offline.analysis.topic_model import RULES, TOPICS, load, shipped_model, topic_features
from offline.analysis.topics import topics_of

LESSONS = [
    Sentence("la factura viene mal", "x", 0, "es", frozenset({"billing"})),
    Sentence("me cobran de más", "x", 1, "es", frozenset({"billing"})),
    Sentence("el paquete no llega", "x", 2, "es", frozenset({"delivery"})),
    Sentence("dónde está mi pedido", "x", 3, "es", frozenset({"delivery"})),
    Sentence("me cobran un pedido que no llega", "x", 4, "es", frozenset({"billing", "delivery"})),
    Sentence("buenos días", "x", 5, "es", frozenset()),
    Sentence("nobody told its topics", "x", 6, "en"),
]


@pytest.mark.parametrize(
    ("said", "topics"),
    [
        ("la factura está mal y además el wifi no funciona", {"billing", "internet_connectivity"}),
        ("cuándo vienen a instalar", {"installation"}),
        ("quiero la portabilidad", {"portability"}),
        ("muchas gracias", set()),
        ("", set()),
        ("…", set()),
    ],
)
def test_an_utterance_tells_any_number_of_topics(said: str, topics: set[str]) -> None:
    assert topics <= set(topics_of(said))
    assert topics or not topics_of(said)


def test_every_topic_has_a_model_and_the_weights_belong_to_the_wordings() -> None:
    assert set(shipped_model().labels) == set(TOPICS)
    told = [one for one in drawn_sentences() + dressed_wordings() if one.topics is not None]
    assert shipped_model().sentences == digest(told), "python -m offline.analysis.fit"


def test_ours_come_in_their_order_and_the_agents_own_behind_them() -> None:
    vocabulary = AgentVocabulary(topics={"crowns": ("corona*",)})
    found = topics_of("me cobraron la factura de las coronas y el internet no va", "es", vocabulary)
    assert found[-1] == "crowns"
    ours = found[:-1]
    assert list(ours) == sorted(ours, key=TOPICS.index)


def test_a_list_that_finds_something_is_a_feature_among_others() -> None:
    places, _ = topic_features("la factura", "es")
    assert BUCKETS + TOPICS.index("billing") in places.tolist()
    assert all(place < BUCKETS + RULES for place in places.tolist())
    assert all(place < BUCKETS for place in topic_features("el canal de isabel segunda", "es")[0].tolist())


def test_topics_are_learned_and_read_again(tmp_path: Path) -> None:
    model = train_topics(LESSONS, epochs=60)
    path = tmp_path / "topics.npz"
    model.save(path)
    read = load(path)
    assert read.labels == ("billing", "delivery")
    assert read.topics("la factura", "es") == {"billing"}
    assert read.topics("el pedido", "es") == {"delivery"}
    assert read.topics("hola", "es") == frozenset()
    assert read.topics("  ", "es") == frozenset()
    assert read.sentences == digest(LESSONS[:-1])


def test_a_file_that_holds_no_topics_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, something=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz"):
        load(path)


def test_the_threshold_lies_where_right_and_wrong_part() -> None:
    scores = np.array([[1.2], [1.0], [0.5], [-2.0]], np.float32)
    threshold, f1 = fitted_threshold(Judged(scores, np.array([[1], [1], [0], [0]])))
    assert f1 == 1.0
    assert 0.62 < threshold <= 0.73  # between the likelihoods of 0.5 and 1.0
