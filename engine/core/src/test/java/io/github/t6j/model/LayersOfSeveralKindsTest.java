package io.github.t6j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.linear.LinearAttention;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests a model whose layers alternate between attention with pages and linear attention with a state. */
class LayersOfSeveralKindsTest {
    private static final int LENGTH = 150;

    private static final Workers WORKERS = new Workers(2);
    private static final Arena ARENA = Arena.ofShared();
    private static Transformer model;
    private static int[] ids;

    /** The attention of every other layer without a softmax. */
    private record Alternating(AttentionConfig inner) implements AttentionConfig {
        @Override
        public int heads() {
            return inner.heads();
        }

        @Override
        public int headDim() {
            return inner.headDim();
        }

        @Override
        public Map<String, Integer> sizes() {
            return inner.sizes();
        }

        @Override
        public Attention attention(LayerWeights weights, SharedPages shared) {
            Attention attention = inner.attention(weights, shared);
            return weights.layer() % 2 == 0 ? attention : new LinearAttention((DenseHeads) attention);
        }
    }

    @BeforeAll
    static void load() {
        String name = "llama-gqa";
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden/" + name), false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), name);
            ModelConfig c = Families.describe(
                    tensors, ModelMetadata.of(TestData.json("golden/" + name + "/config.json"), null));
            ModelConfig mixed = new ModelConfig(
                    c.family(), c.name(), c.sizes(), new Alternating(c.attention()), false, c.rope(), c.norms(),
                    c.optional(), c.assumptions());
            model = TransformerLoader.load(
                    tensors, mixed, Families.tensors(c), KernelChoice.kernels(), WORKERS, ARENA, (done, total) -> {});
        }
        SplittableRandom random = new SplittableRandom(52);
        ids = random.ints(LENGTH, 0, model.config().sizes().vocabulary()).toArray();
    }

    @AfterAll
    static void close() {
        model.close();
        WORKERS.close();
        ARENA.close();
    }

    private static float[] feed(Sequence sequence, int from, int to, int chunk) {
        for (int at = from; at < to; at += chunk) {
            sequence.forward(ids, at, Math.min(chunk, to - at), 1, () -> false);
        }
        float[][] logits = new float[1][];
        sequence.lastLogits(last -> logits[0] = last.clone());
        sequence.release();
        return logits[0];
    }

    private static float[] expected() {
        try (Sequence whole = model.newSequence(Format.F32, false)) {
            return feed(whole, 0, LENGTH, LENGTH);
        }
    }

    @Test
    void promptsAndStepsAgreeWithTheOracle() {
        try (Sequence steps = model.newSequence(Format.F32, false);
                Sequence oracle = model.newSequence(Format.F32, true)) {
            float[] expected = expected();
            assertThat(feed(steps, 0, LENGTH, 1)).isEqualTo(expected);
            assertThat(feed(oracle, 0, LENGTH, 64)).containsExactly(expected, within(1e-4f));
        }
    }

    @Test
    void forksGoTheirOwnWay() {
        try (Sequence first = model.newSequence(Format.F32, false)) {
            feed(first, 0, 70, 64);
            try (Sequence fork = first.fork()) {
                first.forward(new int[] {1, 2, 3}, 0, 3, 1, () -> false);
                first.release();
                assertThat(feed(fork, 70, LENGTH, 64)).isEqualTo(expected());
            }
        }
    }

    @Test
    void aCancelledPassLeavesNoTrace() {
        try (Sequence sequence = model.newSequence(Format.F32, false)) {
            feed(sequence, 0, 70, 64);
            int[] calls = new int[1];
            assertThat(sequence.forward(ids, 70, 30, 1, () -> ++calls[0] > 1)).isFalse();
            assertThat(feed(sequence, 70, LENGTH, 64)).isEqualTo(expected());
        }
    }

    @Test
    void truncationEmptiesTheCacheUnlessItKeepsAll() {
        try (Sequence sequence = model.newSequence(Format.F32, false)) {
            feed(sequence, 0, 70, 64);
            assertThat(sequence.reaches(69)).isFalse();
            assertThat(sequence.reaches(70)).isTrue();
            assertThat(model.shortestCut(false, 70)).isEqualTo(70);
            sequence.truncate(70);
            assertThat(sequence.position()).isEqualTo(70);
            sequence.truncate(69);
            assertThat(sequence.position()).isZero();
            assertThat(feed(sequence, 0, LENGTH, 64)).isEqualTo(expected());
        }
    }

    @Test
    void savedTensorsRestoreBothKinds() {
        MemoryBudget budget = new MemoryBudget("test", Long.MAX_VALUE, null);
        try (Sequence sequence = model.newSequence(Format.F32, false); Arena arena = Arena.ofConfined()) {
            feed(sequence, 0, 70, 64);
            Map<String, Tensor> saved = new LinkedHashMap<>();
            for (LazyTensor tensor : sequence.tensors()) {
                saved.put(tensor.name(), new Tensor(
                        tensor.name(), tensor.dtype(), tensor.shape(), tensor.data().apply(arena)));
            }
            assertThat(saved).containsKeys("kind.0.layer.0", "kind.1.state");
            try (Sequence restored = model.restoredSequence(Format.F32, false, saved, 70, "file", budget)) {
                assertThat(feed(restored, 70, LENGTH, 64)).isEqualTo(expected());
            }
            saved.put("layer.0", saved.remove("kind.0.layer.0"));
            Assertions.assertThatExceptionOfType(ModelFormatException.class)
                    .isThrownBy(() -> model.restoredSequence(Format.F32, false, saved, 70, "file", budget))
                    .withMessageContaining("layer.0");
        }
    }

    @Test
    void severalSequencesShareAPass() {
        try (Sequence step = model.newSequence(Format.F32, false);
                Sequence prompt = model.newSequence(Format.F32, false)) {
            feed(step, 0, LENGTH - 1, 64);
            Batch batch = model.batch();
            batch.add(step, ids, LENGTH - 1, 1, 1);
            batch.add(prompt, ids, 0, 100, 1);
            batch.forward(Batch.NO_PAUSE);
            float[] logits = batch.logits(0, 1);
            float[] expected = expected();
            assertThat(Arrays.copyOf(logits, expected.length)).isEqualTo(expected);
            batch.release();
            assertThat(feed(prompt, 100, LENGTH, 64)).isEqualTo(expected);
        }
    }

    @Test
    void memoryFollowsTheLayers() {
        int layers = model.config().sizes().layers();
        Attention paged = model.attentions().get(0);
        Attention linear = model.attentions().get(1);
        int pagedLayers = (layers + 1) / 2;
        long states = (long) (layers / 2) * linear.stateElements() * Float.BYTES;
        long tokens = 100L * pagedLayers * paged.elementsPerToken() * Float.BYTES;
        try (Sequence sequence = model.newSequence(Format.F32, false)) {
            sequence.limit(LENGTH);
            feed(sequence, 0, 100, 64);
            assertThat(sequence.cacheBytes()).isEqualTo(tokens + states);
            assertThat(model.memory().tokens(Format.F32, false, 100)).isEqualTo(tokens);
            feed(sequence, 100, LENGTH, 64);
            assertThat(model.memory().fullSequence(Format.F32, false, LENGTH))
                    .isBetween(sequence.heldBytes() - 4096, sequence.heldBytes());
        }
        try (Sequence filled = model.newSequence(Format.F32, false)) {
            filled.fill(100, 7);
            assertThat(filled.position()).isEqualTo(100);
            assertThat(filled.cacheBytes()).isEqualTo(tokens + states);
            assertThat(filled.reaches(100)).isTrue();
        }
    }
}
