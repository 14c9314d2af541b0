package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** New runs of {@code t6j train}. */
class TrainCommandTest extends TrainRuns {
    @Test
    void makesAModelOfAText() throws IOException {
        CommandResult ran = CommandResult.of(command(out, small("--steps", "12", "--seed", "3")));

        assertThat(ran.err()).contains("tokens are held out for validation", "12 steps of 128 tokens",
                "T6, 1,319,424 parameters, 4,096 ids, context 64; about ", "B of memory", "step 12 of 12",
                "t6j: sample: ", "t6j: done: " + out);
        assertThat(ran.code()).isZero();
        List<Map<String, Object>> log = log(out);
        assertThat(log.getFirst()).containsEntry("parameters", 1_319_424L).containsEntry("steps", 12L);
        assertThat(log.stream().filter(entry -> entry.containsKey("loss"))).hasSize(12);
        Map<String, Object> last = log.getLast();
        assertThat(last).containsEntry("step", 12L).containsEntry("tokens", 12L * 128).containsKey("validation_loss");
        assertThat((Double) last.get("validation_loss")).isLessThan((Double) log.get(1).get("loss"));
        for (String[] use : new String[][] {{"generate", "The", "-n", "4"}, {"perplexity", "--file", data.toString()},
            {"inspect"}}) {
            List<String> all = new ArrayList<>(List.of(use));
            all.addAll(List.of("--model", out.toString()));
            CommandResult used = CommandResult.of(all.toArray(String[]::new));
            assertThat(used.code()).as(used.err()).isZero();
        }
        StoredTensors stored = StoredTensors.read(out.resolve("model.safetensors"));
        assertThat(stored.tensors()).containsKey("lm_head.weight");
        assertThat(stored.metadata()).containsEntry("transformer.wte.weight", "lm_head.weight");
        assertThat(Json.parseObject(Files.readAllBytes(out.resolve("config.json")), "config"))
                .containsEntry("block_size", 64L).containsEntry("architectures", List.of("GPT"));
    }

    /** Two billion checkpoints fit no disk. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRefusedRunLeavesNoFolder(boolean exists) throws IOException {
        Path into = folder.resolve("runs/first");
        if (exists) {
            Files.createDirectories(into);
        }
        CommandResult ran = CommandResult.of(command(into, small("--steps", "9000000000", "--keep", "2000000000")));
        assertFailed(ran, into + ": expected ", " PB of free disk, found ");
        if (exists) {
            assertThat(into).isEmptyDirectory();
        } else {
            assertThat(into.getParent()).doesNotExist();
        }
    }

    /** The perplexity command reads the data of --valid as the trainer does. */
    @Test
    void validatesOnAFile() throws IOException {
        Path valid = Files.writeString(folder.resolve("valid.txt"), Files.readString(data).substring(0, 3000));
        CommandResult ran = CommandResult.of(command(out, small("--steps", "2", "--valid", valid.toString())));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).doesNotContain("held out");
        CommandResult perplexity =
                CommandResult.of("perplexity", "--model", out.toString(), "--file", valid.toString(), "--json");
        double lowest = log(out).stream().filter(entry -> entry.get("best") == Boolean.TRUE)
                .mapToDouble(entry -> (Double) entry.get("validation_loss")).min().orElseThrow();
        assertThat(lowest).isCloseTo((Double) perplexity.json().get("nll"), within(0.1)); // whole windows only
    }

    /** Shards of ids: the held-out ids have a sequence within one shard, and ids that remain are not trained on. */
    @ParameterizedTest
    @CsvSource({"5000, 30, 251", "1000, 40, 105", "200, 90, 90", "30, 500, 65"})
    void heldOutIdsMakeASequence(int first, int second, int held) throws IOException {
        List<String> files = new ArrayList<>();
        for (int size : new int[] {first, second}) {
            Path shard = Files.write(folder.resolve(files.size() + ".bin"), new byte[2 * size]);
            files.addAll(List.of("--data", shard.toString()));
        }
        List<String> all = new ArrayList<>(List.of("train", "--out", out.toString()));
        all.addAll(files);
        all.addAll(List.of(small("--steps", "2")));
        CommandResult ran = CommandResult.of(all.toArray(String[]::new));
        assertThat(ran.err()).contains("the last %,d of the data's %,d tokens".formatted(held, first + second));
        assertThat(ran.code()).isZero();
    }

    @Test
    void shardsThatAreShorterThanTheContextAreOneLine() throws IOException {
        data = Files.write(folder.resolve("a.bin"), new byte[120]);
        assertFailed(
                CommandResult
                        .of(command(out, small("--steps", "2", "--data", data.toString(), "--data", data.toString()))),
                "expected at least 130 tokens for a context of 64, found at most 60 in a file of ids");
        Path longer = Files.write(folder.resolve("b.bin"), new byte[200]);
        assertFailed(CommandResult.of(command(out, small("--steps", "2", "--data", longer.toString()))),
                "expected at least one sequence of 65 tokens to train on, besides the validation data, found none");
    }

    @Test
    void aSampleThatCannotBeMadeEndsNothing() throws IOException {
        CommandResult ran =
                CommandResult.of(command(out, small("--steps", "2", "--sample", "The whale went. ".repeat(40))));
        assertThat(ran.err()).contains("t6j: note: cannot generate a sample: ", "t6j: done: ");
        assertThat(ran.code()).isZero();
    }

    @Test
    void goesOnFromAModel() throws IOException {
        CommandResult ran = CommandResult
                .of(command(out, "--init-from", CommandResult.TINY, "--context", "64", "--batch", "2", "--steps", "3",
                        "--learning-rate", "1e-4"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat((Double) log(out).get(1).get("loss")).isLessThan(5.5); // the model has learned English before
        assertThat(out.resolve("tokenizer.json"))
                .hasSameBinaryContentAs(Path.of(CommandResult.TINY).resolve("tokenizer.json"));
    }

    /** Like the published models of that family. */
    @Test
    void aModelOfTheMlraFamilyReadsTextByGpt2sTokenizer() throws IOException {
        Path golden = CommandResult.TESTDATA.resolve("golden_mlra/tpa_even");
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), Files.readString(golden.resolve("config.json"))
                .replace("\"vocab_size\": 97", "\"vocab_size\": 50304"));
        List<LazyTensor> tensors = new ArrayList<>();
        StoredTensors.read(golden.resolve("model.safetensors")).tensors().forEach((name, stored) -> {
            List<Long> shape = stored.shape().stream().map(size -> size.equals(97L) ? 50304 : (Long) size).toList();
            long elements = shape.stream().reduce(1L, Math::multiplyExact);
            double[] values = Arrays.copyOf(stored.values(), (int) elements);
            tensors.add(new LazyTensor(name, DType.F32, shape, arena -> floats(values, arena)));
        });
        Safetensors.writeLazily(model.resolve("model.safetensors"), Map.of(), tensors);
        CommandResult ran = CommandResult.of(command(out, ofModel(model)));
        assertThat(ran.err()).contains("the model has no tokenizer; t6j uses GPT-2's", "t6j: done: ");
        assertThat(ran.code()).isZero();
        assertThat(CommandResult.of("generate", "--model", out.toString(), "-n", "2", "The").code()).isZero();
    }

    private static String[] ofModel(Path model) {
        return new String[] {"--init-from", model.toString(), "--context", "16", "--batch", "1", "--steps", "1"};
    }

    private static MemorySegment floats(double[] values, Arena arena) {
        MemorySegment floats = arena.allocate(4L * values.length);
        for (int i = 0; i < values.length; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
        }
        return floats;
    }

    @Test
    void aModelWithoutATokenizerReadsIdsOnly() throws IOException {
        Path model = folder.resolve("model");
        assertThat(CommandResult.of("init", "--preset", "t6-nano", "--out", model.toString()).code()).isZero();
        CommandResult refused = CommandResult.of(command(out, ofModel(model)));
        assertThat(refused.err()).contains("expected a tokenizer next to the model, found none",
                "add one with --tokenizer",
                "text needs a tokenizer: expected one, found none");
        data = Files.write(folder.resolve("ids.bin"), new byte[400]);
        CommandResult ran = CommandResult.of(command(out, ofModel(model)));
        assertThat(ran.code()).as(ran.err()).isZero();
    }

    @Test
    void minutesThatAreOverAtOnceAreOneStep() throws IOException {
        CommandResult ran = CommandResult.of(command(out, small("--minutes", "1e-6")));
        assertThat(ran.err())
                .contains("--minutes leaves no time after reading the data; the run has 1 step");
        assertThat(ran.code()).isZero();
    }

    @Test
    void unreadableOrShortTextsAreReportedInOneLine() throws IOException {
        data = folder.resolve("nothing.txt");
        assertFailed(CommandResult.of(command(out, small("--steps", "1"))), data.toString());
        data = Files.writeString(folder.resolve("short.txt"), "Call me Ishmael.");
        assertFailed(CommandResult.of(command(out, small("--steps", "1"))), data.toString(),
                "expected at least 130 tokens for a context of 64, found", "give more text or a smaller --context");
        data = Files.write(folder.resolve("latin1.txt"), new byte[] {'c', 'a', 'f', (byte) 0xe9, '\n'});
        assertFailed(CommandResult.of(command(out, small("--steps", "1"))), data.toString());
        byte[] ids = new byte[1000];
        ids[401] = 0x10; // id 4096
        data = Files.write(folder.resolve("ids.bin"), ids);
        assertFailed(CommandResult.of(command(out, small("--steps", "9"))), data.toString(), "4096");
    }

    @Test
    void aVocabularyThatDoesNotFitIsOneLine() {
        assertFailed(CommandResult.of(command(out, "--init-from", CommandResult.TINY, "--tokenizer",
                CommandResult.TESTDATA.resolve("tokenizers/gpt2").toString(), "--steps", "1")),
                "gpt2: expected a tokenizer of at most 4096 ids, the model's vocabulary, found 50257");
        assertThat(out).doesNotExist();
    }

    /** Other files of a tokenizer are copied with its tokenizer.json: here the id that ends a text. */
    @Tag("full")
    @Test
    void aTokenizerJsonBringsItsEnd() throws IOException {
        Path tokenizer = Files.createDirectory(folder.resolve("tokenizer")).resolve("tokenizer.json");
        String json = Files.readString(CommandResult.TESTDATA.resolve("tokenizers/bpe4096/tokenizer.json"));
        Files.writeString(tokenizer, json.replace("<|endoftext|>", "<end>"));
        Files.writeString(tokenizer.resolveSibling("tokenizer_config.json"), "{\"eos_token\": \"<end>\"}");
        CommandResult ran = CommandResult.of(command(out, small("--steps", "20", "--tokenizer", tokenizer.toString())));
        assertThat(ran.code()).as(ran.err()).isZero();
        delete(out.resolve("checkpoints/step-000000020"));
        assertThat(CommandResult.of(command(out, "--resume")).code()).isZero();
        assertThat(CommandResult.of("inspect", "--model", out.toString(), "--json").json())
                .containsEntry("tokenizer", Map.of("ids", 4096L, "end_ids", List.of(4095L)));
    }

    @Tag("full")
    @Test
    void fewerTokensThanAStepAreAStep() {
        CommandResult ran = CommandResult.of(command(out, small("--tokens", "100", "--warm-up", "5")));
        assertThat(ran.err()).contains("--tokens is less than the 128 tokens of a step; the run has 1 step",
                "--warm-up is longer than the run of 1 steps, all of which warm up");
        assertThat(ran.code()).isZero();
    }

    /** The data has 4 sequences of 64 tokens and their next, but not of 128. */
    @Test
    void contextAndBatchFitTheDataAndTheTime() throws IOException {
        Files.writeString(data, Files.readString(data).substring(0, 1500));
        CommandResult ran = CommandResult.of(command(out, "--preset", "t6-nano", "--minutes", "1e-6"));
        assertThat(ran.err()).contains("context 64;");
        assertThat(ran.code()).isZero();
        assertThat(log(out).getFirst()).containsEntry("tokens_of_step", 64L);
    }

    @Test
    void theDiskIsCheckedBeforeTheFirstStep() {
        assertFailed(CommandResult.of(command(out, small("--steps", "2000000000", "--keep", "2000000000"))),
                "run: expected 31.7 PB of free disk, found ");
    }

    private static TrainArguments parsed(String... options) {
        TrainArguments arguments = new TrainArguments();
        new CommandLine(arguments).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(options);
        return arguments;
    }

    /** 4096 is too long for 300 sequences; only a context that is not asked for is shortened. */
    @Test
    void aContextThatDoesNotFitMemoryIsShortened() {
        List<Integer> tried = new ArrayList<>();
        Function<TrainingOptions, Trainer> fits256 = options -> {
            tried.add(options.batches().context());
            if (tried.getLast() == 0 || tried.getLast() > 256) {
                throw new MemoryLimitException("training", 2, 1, "train less");
            }
            return null;
        };
        parsed("--batch", "300").withContext(fits256);
        assertThat(tried).containsExactly(0, 1024, 256);
        TrainArguments given = parsed("--context", "2048");
        assertThatThrownBy(() -> given.withContext(fits256)).isInstanceOf(MemoryLimitException.class);
    }
}
