"""The frozen sentence encoder, with a tiny one of random weights; where its extra is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from beyne.errors import UsageError
from beyne.text import build

pytest.importorskip("sentence_transformers", reason="the extra text is not installed")

TEXTS = ["бидай масағы", "колос пшениці", "a ripe ear of wheat"]


def save_encoder(folder: Path, seed: int) -> str:
    """A BERT of two layers as ``sentence-transformers`` keeps it."""
    from sentence_transformers import SentenceTransformer, models
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    words = BertWordPieceTokenizer()
    words.train_from_iterator(TEXTS, vocab_size=100, show_progress=False)
    words.save_model(str(folder))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(seed)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=200, intermediate_size=16, **sizes)).save_pretrained(folder)
    parts = [models.Transformer(str(folder)), models.Pooling(8)]
    made = folder / "encoder"
    SentenceTransformer(modules=parts, device="cpu").save(str(made))
    return str(made)


@pytest.mark.filterwarnings("ignore")
def test_vectors_are_kept_for_one_version_of_the_encoder(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    own, other = (save_encoder(tmp_path / name, seed) for seed, name in enumerate("ab"))
    capfd.readouterr()
    encoder = build("sentence", {"model": own, "size": 8})
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (3, 8)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3))
    assert capfd.readouterr().err == ""  # no bar
    with pytest.raises(UsageError, match=r"gives 8 numbers a text, not 768; --set text.size=8"):
        build("sentence", {"model": own}).encode(TEXTS)

    def again():
        """As a model file brings it."""
        loaded = build("sentence", {"model": own, "size": 8})
        loaded.load_state_dict(encoder.state_dict())
        return loaded

    shutil.move(own, tmp_path / "away")
    assert torch.equal(again().encode(TEXTS), vectors)
    with pytest.raises(UsageError, match="can't be loaded"):
        again().encode(["a green ear"])
    shutil.copytree(other, own)
    with pytest.raises(UsageError, match="gives other vectors than the one this model was trained"):
        again().encode(["a green ear"])
    fresh = build("sentence", {"model": own, "size": 8}).encode(TEXTS)
    assert not torch.allclose(fresh, vectors, atol=0.01)
