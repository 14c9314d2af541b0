package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.LaunchedProcess;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainCommandTest {
    private static final long SECONDS = 60;

    @TempDir
    private Path folder;
    private Path data;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        String text = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        data = Files.writeString(folder.resolve("data.txt"), text.substring(0, 30_000));
        out = folder.resolve("run");
    }

    private String[] command(Path into, String... more) {
        List<String> all = new ArrayList<>(List.of("train", "--data", data.toString(), "--out", into.toString()));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static String[] small(String... more) {
        return Stream.concat(
                Stream.of("--preset", "t6-nano", "--context", "64", "--batch", "2"), Stream.of(more))
                .toArray(String[]::new);
    }

    private static List<Map<String, Object>> log(Path run) throws IOException {
        return Files.readAllLines(run.resolve("log.jsonl")).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "log")).toList();
    }

    private static void assertFailed(CommandResult ran, String... parts) {
        String error = ran.err().lines().reduce((first, second) -> second).orElseThrow();
        assertThat(error).startsWith("t6j: ").contains(parts);
        assertThat(ran.err()).doesNotContain("\tat ");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void makesAModelOfAText() throws IOException {
        CommandResult ran = CommandResult.of(command(out, small("--steps", "12", "--seed", "3")));

        assertThat(ran.err()).contains("tokens are held out for validation", "12 steps of 128 tokens",
                "T6, 1319424 parameters, 4096 ids, context 64", "step 12 of 12", "t6j: sample: ", "t6j: done: " + out);
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

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptedRunEndsAsOneThatWasNot() throws IOException {
        Path straight = folder.resolve("straight");
        assertThat(CommandResult.of(command(straight, small("--steps", "60"))).code()).isZero();
        for (String signal : new String[] {"INT", "KILL"}) {
            LaunchedProcess launched = LaunchedProcess.start(
                    LaunchedProcess.builder(LaunchedProcess.modules(), command(out, small("--steps", "60"))));
            launched.awaitErr("step 10 of 60");
            launched.signal(signal);
            CommandResult ended = launched.end(SECONDS);
            assertThat(ended.code()).isEqualTo(signal.equals("INT") ? Main.INTERRUPTED : 137);
            if (signal.equals("INT")) {
                assertThat(ended.err())
                        .containsPattern(
                                "interrupted after step \\d+ of 60; its checkpoint is saved: continue with --resume, and "
                                        + "--data and --out as before");
            }

            CommandResult resumed = CommandResult.of(command(out, "--resume", "--threads", "1"));
            assertThat(resumed.err()).contains("continuing after step");
            assertThat(resumed.code()).isZero();
            assertThat(out.resolve("model.safetensors"))
                    .hasSameBinaryContentAs(straight.resolve("model.safetensors"));
            assertThat(losses(out)).isEqualTo(losses(straight));
            try (Stream<Path> checkpoints = Files.list(out.resolve("checkpoints"))) {
                assertThat(checkpoints.map(Path::getFileName).map(Path::toString))
                        .containsExactlyInAnyOrder("step-000000050", "step-000000060");
            }
            delete(out);
        }
    }

    /** Simulates a full disk: the checkpoint on Ctrl-C cannot be saved, and the command reports that. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptThatCannotSaveSaysSo() throws IOException {
        LaunchedProcess launched = LaunchedProcess.start(
                LaunchedProcess.builder(LaunchedProcess.modules(), command(out, small("--steps", "500"))));
        launched.awaitErr("step 50 of 500");
        delete(out.resolve("checkpoints"));
        Files.createFile(out.resolve("checkpoints"));
        launched.signal("INT");
        CommandResult ended = launched.end(SECONDS);
        assertThat(ended.err())
                .containsPattern("interrupted after step \\d+ of 500; its checkpoint could not be saved: ")
                .doesNotContain("checkpoint is saved", "\tat ");
        assertThat(ended.code()).isEqualTo(Main.INTERRUPTED);
    }

    @Test
    void whatResumesValidatesOnWhatItDid() throws IOException {
        Path valid = Files.writeString(folder.resolve("valid.txt"), Files.readString(data).substring(0, 3000));
        Path other = Files.writeString(folder.resolve("other.txt"), Files.readString(data).substring(0, 2000));
        assertThat(CommandResult.of(command(out, small("--steps", "2", "--valid", valid.toString()))).code()).isZero();
        byte[] log = Files.readAllBytes(out.resolve("log.jsonl"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "--resume: expected the same data as when the run began, ",
                "training tokens, found", "give --data, and --valid if you used it, the same files");
        assertFailed(CommandResult.of(command(out, "--resume", "--valid", other.toString())),
                "--resume: expected the same data as when the run began, ", "validation tokens, found");
        assertThat(out.resolve("log.jsonl")).hasBinaryContent(log);
        assertThat(CommandResult.of(command(out, "--resume", "--valid", valid.toString())).code()).isZero();
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
        assertThat(ran.err()).contains("the last " + held + " of the data's " + (first + second) + " tokens");
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

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Returns the losses of steps and of evaluations. */
    private static List<Object> losses(Path run) throws IOException {
        List<Object> losses = new ArrayList<>();
        for (Map<String, Object> entry : log(run)) {
            losses.add(List.of(entry.getOrDefault("step", 0L), entry.getOrDefault("loss", 0.0),
                    entry.getOrDefault("validation_loss", 0.0), entry.getOrDefault("best", false)));
        }
        return losses;
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
        assertThat(refused.err()).contains("expected a tokenizer beside the model, found none",
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
    void whatCannotBeReadOrIsTooShortIsOneLine() throws IOException {
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

    @Test
    void whatAKilledProcessLeavesIsRemoved() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path checkpoints = out.resolve("checkpoints");
        for (String name : List.of(".step-000000009.partial", "step-000000001", "mine")) {
            Files.write(Files.createDirectory(checkpoints.resolve(name)).resolve("model.safetensors"), new byte[9]);
        }
        assertThat(CommandResult.of(command(out, "--resume")).code()).isZero();
        assertThat(checkpoints.toFile().list()).containsExactlyInAnyOrder("step-000000002", "mine");
    }

    @Test
    void aLostLogIsSaidAndBegunAgain() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "20"))).code()).isZero();
        delete(out.resolve("checkpoints/step-000000020"));
        Map<String, Object> first = log(out).getFirst();
        Files.delete(out.resolve("log.jsonl"));
        CommandResult ran = CommandResult.of(command(out, "--resume"));
        assertThat(ran.err()).contains(out.resolve("log.jsonl") + " is missing, so the best model so far is unknown");
        assertThat(log(out).getFirst()).isEqualTo(first);
    }

    @Test
    void fewerTokensThanAStepAreAStep() {
        CommandResult ran = CommandResult.of(command(out, small("--tokens", "100", "--warm-up", "5")));
        assertThat(ran.err()).contains("--tokens is less than the 128 tokens of a step; the run has 1 step",
                "--warm-up is longer than the run of 1 steps, all of which warm up");
        assertThat(ran.code()).isZero();
    }

    @Test
    void aLossThatIsNoNumberIsOneLineAndNoCheckpointIsLost() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path checkpoint = out.resolve("checkpoints/step-000000002");
        Path broken = folder.resolve("broken");
        Files.createDirectories(broken.resolve("checkpoints"));
        Path copy = Files.createDirectories(broken.resolve("checkpoints/step-000000002"));
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        byte[] weights = Files.readAllBytes(copy.resolve("model.safetensors"));
        weights[weights.length - 1] = 0x7f; // makes the embedding's last element NaN
        weights[weights.length - 2] = (byte) 0xc0;
        Files.write(copy.resolve("model.safetensors"), weights);
        String json = Files.readString(copy.resolve("training.json"));
        Files.writeString(copy.resolve("training.json"), json.replace("\"updates\": 2", "\"updates\": 9"));

        assertFailed(CommandResult.of(command(broken, "--resume")), "step 3: expected a finite loss and gradient norm",
                ": start a new run with a lower learning rate, such as t6j train --init-from " + copy
                        + " with --data as before, another --out, and a --learning-rate below 0.002");
        assertThat(copy.resolve("training.json")).exists();
    }

    /** Simulates a full disk: the new checkpoint cannot be written. */
    @Test
    void aCheckpointThatCannotBeWrittenIsOneLineAndNoneIsLost() throws IOException {
        Path inTheWay = out.resolve("checkpoints/.step-000000020.partial/sub");
        Files.createDirectories(inTheWay);
        Files.createFile(inTheWay.resolve("file"));
        Files.createFile(out.resolve(".t6j-training")); // the remains of a run that was killed early

        assertFailed(CommandResult.of(command(out, small("--steps", "20", "--keep", "1"))),
                "step-000000020: cannot be written");
        assertThat(out.resolve("checkpoints/step-000000010/training.json")).exists();
        delete(out.resolve("checkpoints/.step-000000020.partial"));
        assertThat(CommandResult.of(command(out, "--resume", "--keep", "1")).code()).isZero();
        assertThat(out.resolve("checkpoints/step-000000020/training.json")).exists();
        assertThat(out.resolve("checkpoints/step-000000010")).doesNotExist();
    }

    @Test
    void aRunIsNotOverwrittenNorMixedWithOtherData() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        assertFailed(CommandResult.of(command(out, small("--steps", "2"))),
                "found a run in it: continue it with --resume");
        Files.writeString(data, "More. " + Files.readString(data));
        Path checkpoint = out.resolve("checkpoints/step-000000002/training.json");
        Files.writeString(checkpoint, Files.readString(checkpoint).replace("\"updates\": 2", "\"updates\": 3"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "--resume: expected the same data as when the run began");
        Files.delete(out.resolve("log.jsonl"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "data: expected the data that this run has read so far");
        assertFailed(CommandResult.of(command(folder.resolve("other"), "--resume")), "expected a run to resume");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            format          | 2          | format: expected 1, found 2
            steps           | -1         | steps: expected a whole number from 0, found -1
            context         | 99999999   | context: expected 0 to 1048576, found 99999999
            sequences       | 0          | sequences: expected a whole number from 1, found 0
            learning_rate   | "x"        | learning_rate: expected a number, found x
            learning_rate   | 2.0        | maximum: expected above 0 and at most 1, found 2.0
            beta1           | 1.0        | beta1: expected 0 to below 1, found 1.0
            adds            | 0          | adds: expected true or false, found 0
            initialization  | "NONE"     | initialization: expected one of [SMALL, OFFICIAL], found NONE
            order           | [1, "2"]   | order: expected at most 16 whole numbers
            data_order      | "EPOCH", "renewals": [[1, 2]] | renewals: expected lists of three whole numbers
            data_order      | "EPOCH", "renewals": [[0, 1, 3]] | plans: expected steps in order, the first 0, found 0
            order           | [0, 64, 1, 2, 3] | state of the data order: expected EPOCH
            data_ids        | 0          | data_ids: expected a whole number from 1, found 0
            """)
    void aDamagedCheckpointIsOneLine(String key, String value, String message) throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path file = out.resolve("checkpoints/step-000000002/training.json");
        String json = Files.readString(file).replace("\"updates\": 2", "\"updates\": 3");
        Files.writeString(file, json.replaceFirst("\"" + key + "\": (\\[[^]]*]|[^,\n]*)", "\"" + key + "\": " + value));

        assertFailed(CommandResult.of(command(out, "--resume")), message);
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

    @Test
    void moreStepsLengthenAResumedRunOnly() {
        CommandResult ran = CommandResult.of(command(out, small("--more-steps", "5")));
        assertThat(ran.err()).contains("--more-steps: expected --resume, found none");
        assertThat(ran.code()).isEqualTo(2);
        ran = CommandResult.of(command(out, "--resume", "--more-steps", "5", "--minutes", "1"));
        assertThat(ran.err()).contains("--more-steps: expected no --minutes, found both");
    }

    /** A step has 256 tokens; the minutes would hold many more of them. */
    @Test
    void limitsOfARunStayWhenItIsLengthened() throws IOException {
        CommandResult ran = CommandResult.of(command(out, small("--accumulate", "2", "--tokens", "3080")));
        assertThat(ran.code()).as(ran.err()).isZero();
        delete(out.resolve("checkpoints/step-000000012"));
        ran = CommandResult.of(command(out, "--resume", "--minutes", "5"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(log(out).getLast()).containsEntry("step", 12L);

        assertFailed(CommandResult.of(command(out, "--resume", "--minutes", "5")), "--minutes: expected a run of fewer"
                + " steps than its limits allow (--tokens 3080: 12 steps), found 12: give another limit with --passes or"
                + " --tokens");
        ran = CommandResult.of(command(out, "--resume", "--minutes", "5", "--tokens", "3400"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(log(out).getLast()).containsEntry("step", 13L);
        assertFailed(CommandResult.of(command(out, "--resume", "--minutes", "5")),
                "(--tokens 3400: 13 steps), found 13");
        ran = CommandResult.of(command(out, "--resume", "--passes", "5"));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--resume: expected no --passes without --minutes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--steps 5", "--preset t6-nano", "--seed 1", "--learning-rate 1e-3", "--init-from x"})
    void whatResumesIsAsItBegan(String option) {
        String[] words = ("--resume " + option).split(" ");
        CommandResult ran = CommandResult.of(command(out, words));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--resume: expected no " + words[1] + ", since a resumed run keeps its options")
                .hasLineCount(1);
    }
}
