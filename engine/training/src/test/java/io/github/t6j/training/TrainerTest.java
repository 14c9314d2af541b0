package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.CallOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.Windows;
import io.github.t6j.training.presets.Presets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
    private static final Path TOKENIZER = TestData.path("tokenizers/bpe4096");

    @TempDir
    private Path folder;

    private static TrainingOptions options(BatchOrder.Order order, int accumulation) {
        return TrainingOptions.defaults(8).withRate(new LearningRate(1e-3, 1e-4, 2, 8))
                .withBatches(TrainingOptions.Batches.defaults().withSequences(2).withContext(24)
                        .withAccumulation(accumulation).withOrder(order))
                .withSeed(7);
    }

    private static TokenData data(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return TokenData.of(IntStream.range(0, size).map(i -> random.nextInt(4096)).toArray());
    }

    private static List<float[]> values(Trainer trainer) {
        return trainer.parameters().stream().map(parameter -> parameter.value().clone()).toList();
    }

    private static void assertSameBits(List<float[]> found, List<float[]> expected) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.size(); i++) {
            assertThat(Arrays.equals(found.get(i), expected.get(i))).as("tensor %d", i).isTrue();
        }
    }

    /** Compares a run on two threads with one on one thread that is saved and restored in the middle of an epoch. */
    @ParameterizedTest
    @EnumSource
    void aRestoredRunContinuesWithTheSameBits(BatchOrder.Order order) {
        List<StepResult> straight = new ArrayList<>();
        List<StepResult> broken = new ArrayList<>();
        List<float[]> expected;
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(order, 2), 2)) {
            trainer.train(data, straight::add);
            expected = values(trainer);
        }
        Path checkpoint = folder.resolve("checkpoint");
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(order, 2), 1)) {
            trainer.train(data, result -> broken.add(result) && result.step() < 3);
            trainer.evaluate(data, 3);
            trainer.save(checkpoint);
            trainer.step(data); // after the checkpoint, so it is lost
        }
        try (TokenData data = data(300, 1); Trainer trainer = Trainer.restore(checkpoint, 3)) {
            assertThat(trainer.steps()).isEqualTo(3);
            assertThat(trainer.options()).isEqualTo(options(order, 2));
            trainer.train(data, broken::add);
            assertThat(broken).isEqualTo(straight).hasSize(8);
            assertSameBits(values(trainer), expected);
        }
    }

    /** The rate is constant, so that a run of eight steps and one of four that is lengthened make the same steps. */
    @Test
    void aRestoredRunIsLengthenedWithItsMoments() {
        LearningRate eight = new LearningRate(1e-3, 1e-3, 2, 8);
        TrainingOptions straight = options(BatchOrder.Order.EPOCH, 1).withRate(eight);
        List<float[]> expected;
        try (TokenData data = data(300, 1); Trainer trainer = Trainer.create("t6-nano", TOKENIZER, straight, 2)) {
            trainer.train(data, step -> true);
            expected = values(trainer);
        }
        Path checkpoint = folder.resolve("checkpoint");
        TrainingOptions four = straight.withRate(new LearningRate(1e-3, 1e-3, 2, 4));
        try (TokenData data = data(300, 1); Trainer trainer = Trainer.create("t6-nano", TOKENIZER, four, 2)) {
            trainer.train(data, step -> true);
            trainer.save(checkpoint);
        }
        try (TokenData data = data(300, 1); Trainer trainer = Trainer.restore(checkpoint, 2)) {
            assertThatThrownBy(() -> trainer.setRate(new LearningRate(1e-3, 1e-3, 2, 3)))
                    .hasMessage("rate: expected at least 4 updates, which the run has made, found 3");
            assertThatThrownBy(() -> trainer.lengthen(0)).hasMessageContaining("more: expected 1 to");
            trainer.lengthen(4);
            trainer.train(data, step -> true);
            assertThat(trainer.steps()).isEqualTo(8);
            assertSameBits(values(trainer), expected);
        }
    }

    @Test
    void cancelEndsTheCallInProgressOrTheNextOne() {
        List<StepResult> straight = new ArrayList<>();
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 2), 2)) {
            trainer.train(data, straight::add);
        }
        List<StepResult> steps = new ArrayList<>();
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 2), 2)) {
            trainer.cancel();
            assertThatThrownBy(() -> trainer.step(data)).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> trainer.train(data, step -> {
                steps.add(step);
                trainer.evaluate(data, 1);
                trainer.cancel();
                return true;
            })).isInstanceOf(CancellationException.class);
            assertThat(steps).hasSize(1);
            trainer.cancel();
            assertThatThrownBy(() -> trainer.evaluate(data, 1)).isInstanceOf(CancellationException.class);
            trainer.train(data, steps::add);
            assertThat(steps).isEqualTo(straight);
        }
    }

    @Tag("full")
    @Test
    void callOptionsEndACall() {
        List<StepResult> straight = new ArrayList<>();
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 2), 2)) {
            trainer.train(data, straight::add);
        }
        List<StepResult> steps = new ArrayList<>();
        try (TokenData data = data(300, 1);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 2), 2)) {
            trainer.setCallOptions(CallOptions.defaults().withTimeout(Duration.ZERO));
            assertThatThrownBy(() -> trainer.step(data)).isInstanceOf(CancellationException.class)
                    .hasMessage("training: the deadline has passed");
            assertThatThrownBy(() -> trainer.evaluate(data, 1)).isInstanceOf(CancellationException.class);
            trainer.setCallOptions(CallOptions.defaults().withCancellation(() -> !steps.isEmpty()));
            assertThatThrownBy(() -> trainer.train(data, steps::add)).isInstanceOf(CancellationException.class)
                    .hasMessage("training was cancelled");
            assertThat(steps).hasSize(1);
            trainer.setCallOptions(CallOptions.defaults().withTimeout(Duration.ofHours(1)));
            trainer.train(data, steps::add);
            assertThat(steps).as("cancelled calls leave no trace").isEqualTo(straight);
        }
    }

    @Test
    void aCheckpointIsAModelWithTheSameLoss() {
        Path saved = folder.resolve("saved");
        int[] ids = new SplittableRandom(3).ints(25, 0, 4096).toArray();
        double loss;
        try (TokenData data = TokenData.of(ids);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 2)) {
            trainer.train(data, result -> true);
            loss = trainer.evaluate(data, 1);
            trainer.save(saved);
        }
        try (Model model = Model.load(saved); Session session = model.newSession()) {
            double sum = 0;
            for (int i = 0; i < 24; i++) {
                session.step(ids[i]);
                float[] logits = session.logits();
                double max = IntStream.range(0, logits.length).mapToDouble(k -> logits[k]).max().orElseThrow();
                double all = IntStream.range(0, logits.length).mapToDouble(k -> Math.exp(logits[k] - max)).sum();
                sum += max + Math.log(all) - logits[ids[i + 1]];
            }
            assertThat(loss).isCloseTo(sum / 24, within(2e-5));
            assertThat(model.tokenizer().size()).isEqualTo(4096);
        }
    }

    /** A checkpoint replaces a checkpoint, but no folder with other files. */
    @Test
    void savingNeverDeletesOtherFiles() throws IOException {
        Path text = Files.writeString(Files.createDirectory(folder.resolve("run")).resolve("book.txt"), "Call me");
        Path whole = Files.createDirectories(folder.resolve("other/checkpoints")).getParent();
        try (Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 1)) {
            assertThatThrownBy(() -> trainer.save(text.getParent())).isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(
                            "run: cannot be written: expected a new folder, or one with the same files to")
                    .hasMessageContaining("found book.txt in it: choose another folder");
            assertThatThrownBy(() -> trainer.save(whole)).hasMessageContaining("found checkpoints in it");
            assertThatThrownBy(() -> trainer.save(text)).hasMessageContaining("book.txt: cannot be written");
            assertThat(text).hasContent("Call me");
            assertThat(folder.toFile().list()).containsExactlyInAnyOrder("run", "other");
            trainer.save(Files.createDirectory(folder.resolve("empty")));
            trainer.save(folder.resolve("empty"));
        }
        Trainer.restore(folder.resolve("empty"), 1).close();
    }

    @Test
    void gradientsOfMicroBatchesAreAddedOnRequest() {
        TrainingOptions mean = options(BatchOrder.Order.EPOCH, 3);
        TrainingOptions sum = mean.withBatches(
                TrainingOptions.Batches.defaults().withSequences(2).withContext(24).withAccumulation(3).withAdds(true));
        try (TokenData data = data(300, 2);
                Trainer averaging = Trainer.create("t6-nano", TOKENIZER, mean, 1);
                Trainer adding = Trainer.create("t6-nano", TOKENIZER, sum, 1)) {
            StepResult averaged = averaging.step(data);
            StepResult added = adding.step(data);
            assertThat(added.loss()).isEqualTo(averaged.loss());
            assertThat(added.gradientNorm()).isCloseTo(3 * averaged.gradientNorm(), within(1e-3));
        }
    }

    /** The model memorises a batch of 256 tokens. */
    @Test
    void overfitsOneBatch() {
        SplittableRandom random = new SplittableRandom(11);
        int[] ids = IntStream.range(0, 256).map(i -> random.nextInt(4096)).toArray();
        int[] targets = IntStream.range(0, 256).map(i -> random.nextInt(4096)).toArray();
        TrainingOptions options = TrainingOptions.defaults(60)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(4).withContext(64))
                .withRate(new LearningRate(6e-3, 6e-4, 4, 60));
        try (Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options, 2)) {
            double loss = Double.NaN;
            while (trainer.steps() < options.rate().updates()) {
                loss = trainer.step(ids, targets).loss();
            }
            assertThat(loss).isLessThan(0.05);
        }
    }

    @Test
    void aNaNLossIsReportedAndTheTrainerIsUnchanged() {
        try (TokenData data = data(300, 4);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 2)) {
            trainer.step(data);
            float[] first = trainer.parameters().getFirst().value();
            float kept = first[0];
            first[0] = Float.NaN;
            List<float[]> before = values(trainer);
            assertThatThrownBy(() -> trainer.step(data)).isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith(
                            "step 2: expected a finite loss and gradient norm, found loss NaN");
            assertThat(trainer.steps()).isEqualTo(1);
            assertSameBits(values(trainer), before);
            first[0] = kept;
            assertThat(trainer.step(data).step()).isEqualTo(2);
        }
    }

    @Test
    void anInterruptCancelsAStepAndTheTrainerIsUnchanged() {
        List<StepResult> straight = new ArrayList<>();
        try (TokenData data = data(300, 5);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 1)) {
            trainer.train(data, straight::add);
        }
        List<StepResult> broken = new ArrayList<>();
        try (TokenData data = data(300, 5);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 1)) {
            trainer.train(data, result -> broken.add(result) && result.step() < 4);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> trainer.step(data)).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> trainer.evaluate(data, 9)).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            trainer.train(data, broken::add);
        }
        assertThat(broken).isEqualTo(straight);
    }

    @Test
    void otherDataIsRejected() {
        Path saved = folder.resolve("saved");
        try (TokenData data = data(300, 6);
                TokenData longer = data(301, 6);
                TokenData changed = data(300, 7);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 1)) {
            trainer.step(data);
            trainer.save(saved);
            assertThatThrownBy(() -> trainer.step(longer))
                    .hasMessageContaining("expected the data that this run has read so far, 300 ids, found 301 ids");
            try (Trainer restored = Trainer.restore(saved, 1)) {
                assertThatThrownBy(() -> restored.step(changed)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("found other ids");
                restored.step(data);
            }
        }
    }

    @Test
    void shortDataAndWrongSizesAreRejected() {
        try (TokenData data = data(24, 8);
                Trainer trainer = Trainer.create("t6-nano", TOKENIZER, options(BatchOrder.Order.EPOCH, 1), 1)) {
            assertThatThrownBy(() -> trainer.evaluate(data, 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected data of more than 24 tokens (the context) in a shard, found 24");
            assertThatThrownBy(() -> trainer.step(data)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("24");
            assertThatThrownBy(() -> trainer.step(new int[3], new int[3]))
                    .hasMessage("batch: expected 48 ids and targets, found 3 and 3");
            int[] none = new int[48];
            Arrays.fill(none, -1);
            assertThatThrownBy(() -> trainer.step(new int[48], none)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("targets from 0: expected at least one id in each micro-batch, found only -1");
            assertThat(trainer.defaultTokenizer()).isEmpty();
        }
    }

    @Test
    void trainingStartsFromAModel() throws IOException {
        // a copy, since the token cache is written next to it
        Path text = Files.copy(TestData.path("text/test.txt"), folder.resolve("text.txt"));
        try (Trainer trainer = Trainer.from(Trainer.Base.of(TestData.tiny()), options(BatchOrder.Order.EPOCH, 1), 2);
                TokenData data = TokenData.open(List.of(text),
                        Tokenizer.load(TOKENIZER), trainer.vocabulary(), share -> {
                        })) {
            assertThat(trainer.parameterCount()).isEqualTo(3_311_616);
            assertThat(trainer.step(data).loss()).isBetween(3.0, 5.5); // well below ln 4096 = 8.3: a trained model
            trainer.saveModel(folder.resolve("made/model"));
        }
        assertThat(folder.resolve("made/model/tokenizer.json"))
                .hasSameBinaryContentAs(TestData.tiny().resolve("tokenizer.json"));
        assertThat(Files.exists(folder.resolve("made/model/training.json"))).isFalse();
    }

    /** Training on longer sequences raises the context length in config.json; shorter ones do not lower it. */
    @ParameterizedTest
    @ValueSource(ints = {24, 600})
    void trainingOnLongerSequencesRaisesTheContextLength(int context) throws IOException {
        TrainingOptions options = TrainingOptions.defaults(2)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(1).withContext(context));
        try (Trainer trainer = Trainer.from(Trainer.Base.of(TestData.tiny()), options, 1)) {
            trainer.save(folder.resolve("saved"));
        }
        try (Trainer restored = Trainer.restore(folder.resolve("saved"), 1)) {
            restored.saveModel(folder);
        }
        assertThat(Json.parseObject(Files.readAllBytes(folder.resolve("config.json")), "config"))
                .containsEntry("block_size", (long) Math.max(512, context));
    }

    @Test
    void windowsAreAdjacent() {
        try (TokenData data = TokenData.of(IntStream.range(0, 50).toArray())) {
            Windows windows = new Windows(data.ids(), 4);
            assertThat(windows.count()).isEqualTo(12);
            int[] ids = new int[8];
            int[] targets = new int[8];
            int[] positions = new int[8];
            windows.read(10, ids, targets, positions, 0);
            windows.read(11, ids, targets, positions, 1);
            assertThat(ids).containsExactly(40, 41, 42, 43, 44, 45, 46, 47);
            assertThat(targets).containsExactly(41, 42, 43, 44, 45, 46, 47, 48);
            assertThat(positions).containsExactly(0, 1, 2, 3, 0, 1, 2, 3);
            windows.read(windows.spaced(1, 3), ids, targets, positions, 0);
            windows.read(windows.spaced(2, 3), ids, targets, positions, 1);
            assertThat(ids).containsExactly(16, 17, 18, 19, 32, 33, 34, 35);
        }
    }

    @Test
    void partsOfDataSpanShards() throws IOException {
        Path shard = folder.resolve("ids.bin"); // 60, 61, 62, as uint16
        Files.write(shard, new byte[] {60, 0, 61, 0, 62, 0});
        try (TokenData data = TokenData.open(List.of(shard, shard), null, 100, share -> {
        })) {
            assertThat(data.shards()).isEqualTo(2);
            assertThat(ids(data.part(0, 6))).containsExactly(60, 61, 62, 60, 61, 62);
            assertThat(ids(data.part(2, 5))).containsExactly(62, 60, 61);
            assertThat(ids(data.part(4, 6))).containsExactly(61, 62);
            assertThat(data.part(4, 6).shards()).isEqualTo(1);
            assertThatThrownBy(() -> data.part(4, 7)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> data.part(4, 4)).isInstanceOf(IndexOutOfBoundsException.class);
            data.part(0, 2).close();
            assertThat(ids(data)).hasSize(6);
        }
    }

    private static int[] ids(TokenData data) {
        int[] ids = new int[Math.toIntExact(data.size())];
        int at = 0;
        for (int shard = 0; shard < data.shards(); shard++) {
            data.read(shard, 0, ids, at, (int) data.size(shard));
            at += (int) data.size(shard);
        }
        return ids;
    }

    /** A preset of the Llama family names its context otherwise, and has ids of its own tokenizer. */
    @ParameterizedTest
    @CsvSource({"smollm2-135m, max_position_embeddings", "t6-nano, block_size"})
    void aPresetIsFittedToTheTokenizerAndTheContext(String preset, String key) {
        Map<String, Object> config = Trainers.fitted(Presets.of(preset), 4096, 768).config();
        assertThat(config).containsEntry("vocab_size", 4096L).containsEntry(key, 768L)
                .doesNotContainKeys("bos_token_id", "eos_token_id")
                .doesNotContainKey(key.equals("block_size") ? "max_position_embeddings" : "block_size");
        assertThat(Trainers.fitted(Presets.of(preset), 4096, 0).config().get(key))
                .isEqualTo(Presets.of(preset).config().get(key));
    }
}
