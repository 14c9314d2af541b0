package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.training.TokenData.ScoredDocument;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Training on documents with marked targets: packing, loss, resumed runs. */
class PackedDocumentsTest {
    private static final Path TOKENIZER = TestData.tiny();
    private static final int CONTEXT = 70;

    private final long seed = System.nanoTime();

    @TempDir
    private Path folder;

    /** Documents of random ids, of which a random half counts. */
    private static List<ScoredDocument> documents(int count, long seed) {
        Random random = new Random(seed);
        List<ScoredDocument> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = random.ints(2 + random.nextInt(CONTEXT), 1, 4096).toArray();
            boolean[] scored = new boolean[ids.length];
            for (int j = 0; j < ids.length; j++) {
                scored[j] = j == ids.length - 1 || random.nextBoolean();
            }
            documents.add(new ScoredDocument(ids, scored));
        }
        return documents;
    }

    private static TrainingOptions options(int sequences, int accumulation) {
        return TrainingOptions.defaults(6).withSeed(3).withBatches(TrainingOptions.Batches.defaults()
                .withContext(CONTEXT).withSequences(sequences).withAccumulation(accumulation));
    }

    private static Trainer trainer(TrainingOptions options) {
        return Trainer.create("t6-nano", TOKENIZER, options, 2);
    }

    private static String key(int[] ids, int[] targets) {
        return Arrays.toString(ids) + Arrays.toString(targets);
    }

    @ParameterizedTest
    @EnumSource(BatchOrder.Order.class)
    void windowsHoldWholeDocuments(BatchOrder.Order order) {
        List<ScoredDocument> documents = documents(90, seed);
        List<String> expected = new ArrayList<>();
        int needed = 0;
        for (ScoredDocument document : documents) {
            int size = document.ids().length - 1;
            int[] targets = new int[size];
            for (int i = 0; i < size; i++) {
                targets[i] = document.scored()[i + 1] ? document.ids()[i + 1] : -1;
            }
            expected.add(key(Arrays.copyOf(document.ids(), size), targets));
            needed += size;
        }
        try (TokenData data = TokenData.of(documents, CONTEXT)) {
            assertThat(data.size() % CONTEXT).isZero();
            assertThat(data.size()).as("seed %d: positions for %d", seed, needed).isBetween((long) needed,
                    needed * 5L / 4);
            int windows = (int) data.size() / CONTEXT;
            BatchOrder batches = new BatchOrder(data, order, CONTEXT, seed);
            assertThat(batches.windows()).isEqualTo(windows);
            long scored = batches.scored(windows);
            int[] ids = new int[windows * CONTEXT];
            int[] targets = new int[ids.length];
            int[] positions = new int[ids.length];
            batches.next(ids, targets, positions, windows);
            assertThat(Arrays.stream(targets).filter(target -> target >= 0).count()).isEqualTo(scored);
            List<String> found = new ArrayList<>();
            for (int from = 0, to; from < ids.length; from = to) {
                to = from + 1;
                while (to < ids.length && positions[to] != 0) {
                    assertThat(positions[to]).isEqualTo(to - from);
                    assertThat(to % CONTEXT).as("seed %d: no document crosses windows", seed).isNotZero();
                    to++;
                }
                int[] following = Arrays.copyOfRange(targets, from, to);
                if (Arrays.stream(following).anyMatch(target -> target >= 0)) {
                    found.add(key(Arrays.copyOfRange(ids, from, to), following));
                }
            }
            if (order == BatchOrder.Order.EPOCH) {
                assertThat(found).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
            } else {
                assertThat(expected).as("seed %d", seed).containsAll(found);
            }
        }
    }

    /** The mean counts targets, not windows: micro-batches with few targets weigh less. */
    @Test
    void accumulatedGradientsAreThoseOfOneBatch() {
        try (TokenData data = TokenData.of(documents(40, 5), CONTEXT);
                Trainer together = trainer(options(6, 1));
                Trainer parts = trainer(options(2, 3));
                Trainer rows = trainer(options(1, 6))) {
            StepResult whole = together.step(data);
            for (Trainer other : List.of(parts, rows)) {
                StepResult result = other.step(data);
                assertThat(result.loss()).isCloseTo(whole.loss(), within(1e-6));
                assertThat(result.gradientNorm()).isCloseTo(whole.gradientNorm(), within(1e-5 * whole.gradientNorm()));
                for (int i = 0; i < together.parameters().size(); i++) {
                    float[] expected = together.parameters().get(i).gradient();
                    float[] found = other.parameters().get(i).gradient();
                    double largest = 0;
                    for (float value : expected) {
                        largest = Math.max(largest, Math.abs(value));
                    }
                    for (int j = 0; j < expected.length; j++) {
                        assertThat((double) found[j]).as("%s[%d]", together.parameters().get(i).name(), j)
                                .isCloseTo(expected[j], within(1e-5 * largest + 1e-12));
                    }
                }
            }
        }
    }

    /** Packed documents have the same loss as each document alone. */
    @Test
    void aDocumentDoesNotSeeTheOthersOfItsWindow() {
        List<ScoredDocument> documents = documents(20, 7);
        try (TokenData data = TokenData.of(documents, CONTEXT); Trainer trainer = trainer(options(3, 1))) {
            double sum = 0;
            int scored = 0;
            for (ScoredDocument document : documents) {
                int targets = 0;
                for (int i = 1; i < document.scored().length; i++) {
                    targets += document.scored()[i] ? 1 : 0;
                }
                try (TokenData alone = TokenData.of(List.of(document), CONTEXT)) {
                    sum += targets * trainer.evaluate(alone, 1);
                }
                scored += targets;
            }
            assertThat(trainer.evaluate(data, 1000)).isCloseTo(sum / scored, within(1e-6));
        }
    }

    @Test
    void aRestoredRunHasTheSameBits() {
        List<ScoredDocument> documents = documents(30, 9);
        try (TokenData data = TokenData.of(documents, CONTEXT);
                TokenData again = TokenData.of(documents, CONTEXT);
                Trainer straight = trainer(options(2, 2));
                Trainer broken = trainer(options(2, 2))) {
            List<StepResult> expected = new ArrayList<>();
            straight.train(data, expected::add);
            List<StepResult> found = new ArrayList<>();
            broken.train(data, step -> found.add(step) && step.step() < 3);
            broken.save(folder.resolve("saved"));
            try (Trainer restored = Trainer.restore(folder.resolve("saved"), 1)) {
                restored.train(again, found::add);
                assertThat(found).isEqualTo(expected);
                for (int i = 0; i < straight.parameters().size(); i++) {
                    assertThat(restored.parameters().get(i).value()).isEqualTo(straight.parameters().get(i).value());
                }
            }
        }
    }

    @Test
    void otherTargetsOrWindowsAreRejected() {
        List<ScoredDocument> documents = new ArrayList<>(documents(30, 9));
        try (TokenData data = TokenData.of(documents, CONTEXT); Trainer trainer = trainer(options(2, 1))) {
            trainer.step(data);
            ScoredDocument first = documents.getFirst();
            boolean[] changed = first.scored().clone();
            changed[1] ^= true;
            documents.set(0, new ScoredDocument(first.ids(), changed));
            try (TokenData other = TokenData.of(documents, CONTEXT)) {
                assertThatThrownBy(() -> trainer.step(other)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("expected the data that this run has read so far");
            }
            try (TokenData longer = TokenData.of(documents, CONTEXT + 1)) {
                assertThatThrownBy(() -> trainer.evaluate(longer, 1)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("context: expected 71, for which the documents are packed, found 70: pack them for "
                                + "this context");
            }
            assertThatThrownBy(() -> data.part(0, 5)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("found packed documents");
        }
    }

    @Test
    void documentsOfAnotherFormAreRejected() {
        ScoredDocument none = new ScoredDocument(new int[] {1, 2}, new boolean[] {true, false});
        ScoredDocument longer = new ScoredDocument(new int[9], new boolean[] {false, true, true, true, true, true, true,
            true, true});
        for (ScoredDocument wrong : List.of(none, longer)) {
            assertThatThrownBy(() -> TokenData.of(List.of(wrong), 7)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("documents[0]: expected at most 8 ids, one more than the context, and at "
                            + "least one scored id after the first, found " + wrong.ids().length + " ids");
        }
        assertThatThrownBy(() -> TokenData.of(List.of(), 7)).hasMessageStartingWith("documents: expected one or more");
        assertThatThrownBy(() -> new ScoredDocument(new int[2], new boolean[1]))
                .hasMessage("scored: expected 2, one for each id, found 1");
        assertThatThrownBy(() -> new ScoredDocument(new int[] {1, -1}, new boolean[2]))
                .hasMessage("ids[1]: expected 0 or more, found -1");
        try (TokenData text = TokenData.of(new int[9])) {
            assertThatThrownBy(() -> text.readTargets(0, new int[1], new int[1], 0, 1))
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
