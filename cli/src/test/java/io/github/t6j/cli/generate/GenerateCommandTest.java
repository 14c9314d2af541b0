package io.github.t6j.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.Main;
import io.github.t6j.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** testdata/models/t6-tiny/reference.json, made by the official class, has the greedy continuations. */
public class GenerateCommandTest {

    /** A prompt with its greedy continuation. */
    public record Greedy(String prompt, String text, List<Object> ids, long promptTokens) {}

    public static List<Greedy> greedy() throws IOException {
        return greedy(Path.of(CommandResult.TINY));
    }

    /** Returns the greedy continuations in a model's reference.json. */
    public static List<Greedy> greedy(Path model) throws IOException {
        byte[] reference = Files.readAllBytes(model.resolve("reference.json"));
        List<Greedy> cases = new ArrayList<>();
        Json.object(Json.parseObject(reference, "reference").get("greedy"), "greedy").forEach((prompt, value) -> {
            Map<String, Object> fields = Json.object(value, prompt);
            cases.add(new Greedy(
                    prompt,
                    (String) fields.get("text"),
                    Json.array(fields.get("greedy_ids"), prompt),
                    Json.array(fields.get("prompt_ids"), prompt).size()));
        });
        return cases;
    }

    @ParameterizedTest
    @MethodSource("greedy")
    void continuesGreedilyAsTheReference(Greedy expected) {
        CommandResult ran = generate(expected.prompt, "-n", "64", "--temperature", "0");

        assertThat(ran).isEqualTo(new CommandResult(0, expected.text + "\n", ""));
    }

    @ParameterizedTest
    @MethodSource("greedy")
    void jsonHasTextIdsAndCounts(Greedy expected) {
        Map<String, Object> json = generate(expected.prompt, "-n", "64", "--temperature", "0", "--json").json();

        assertThat(json)
                .containsEntry("text", expected.text)
                .containsEntry("tokens", expected.ids)
                .containsEntry("finish_reason", "max_tokens")
                .containsEntry("prompt_tokens", expected.promptTokens)
                .containsKeys("seed", "prefill_seconds", "decode_seconds");
        assertThat(Json.array(json.get("log_probabilities"), "log_probabilities"))
                .hasSize(64)
                .allSatisfy(p -> assertThat(((Number) p).doubleValue()).isBetween(-10.0, 0.0));
    }

    @Test
    void readsThePromptFromStandardInputExactly() {
        CommandResult argument = generate("The whale\n", "-n", "8", "--temperature", "0");
        byte[] input = "The whale\n".getBytes(StandardCharsets.UTF_8);

        assertThat(CommandResult.withInput(input, "generate", "--model", CommandResult.TINY, "-n", "8", "--temperature",
                "0"))
                .isEqualTo(argument);
        assertThat(CommandResult.withInput(input, "generate", "--model", CommandResult.TINY, "-", "-n", "8",
                "--temperature", "0"))
                .isEqualTo(argument);
        assertThat(argument.out()).isNotEqualTo(generate("The whale", "-n", "8", "--temperature", "0").out());
    }

    @Test
    void theSeedDecidesAndStatsShowIt() {
        CommandResult first = generate("The whale", "-n", "16", "--stats");
        String seed = first.err().lines().filter(line -> line.startsWith("seed")).findFirst().orElseThrow();

        CommandResult again = generate("The whale", "-n", "16", "--seed", seed.replaceAll("\\D", ""));

        assertThat(again.out()).isEqualTo(first.out());
        assertThat(again.err()).isEmpty();
        assertThat(generate("The whale", "-n", "16", "--seed", "1").out())
                .isNotEqualTo(generate("The whale", "-n", "16", "--seed", "2").out());
    }

    @Test
    void samplesHaveSuccessiveSeeds() {
        String[] texts = new String[3];
        for (int i = 0; i < 3; i++) {
            texts[i] = generate("The whale", "-n", "9", "--seed", "" + (7 + i)).out();
        }

        CommandResult ran = generate("The whale", "-n", "9", "--seed", "7", "--samples", "3", "--stats");
        assertThat(ran.out()).isEqualTo("--- 1 of 3, seed 7\n" + texts[0] + "--- 2 of 3, seed 8\n" + texts[1]
                + "--- 3 of 3, seed 9\n" + texts[2]);
        // 2 shared tokens of the prompt, and 3 times 9, each of 3840 bytes.
        assertThat(ran.err()).contains("decode    27 tokens", "in 3 samples", "seed      7 and the next ones",
                "cache     111.4 kB for 29 tokens in f32; MHA with 8 heads: 356.4 kB (3.2 times as much)");

        CommandResult json = generate("The whale", "-n", "9", "--seed", "7", "--samples", "3", "--json");
        List<Object> array = Json.array(Json.parse(json.out().getBytes(StandardCharsets.UTF_8), "output"), "output");
        assertThat(array).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(Json.object(array.get(i), "sample"))
                    .containsEntry("text", texts[i].substring(0, texts[i].length() - 1))
                    .containsEntry("seed", 7L + i)
                    .containsEntry("prompt_tokens", 2L);
        }
    }

    /**
     * 2 + 8 tokens, 6 layers of 4-byte elements: T6 stores 2·2·(8 + 32) of them, an MHA with h heads of 32 stores
     * 2·h·32.
     */
    @Test
    void statsCompareTheCacheWithMultiHeadAttention() {
        CommandResult ran = generate("The whale", "-n", "8", "--temperature", "0", "--stats");

        assertThat(ran.err())
                .contains("prompt    2 tokens", "decode    8 tokens", "finish    max_tokens", "weights", "kernels",
                        "load      ")
                .contains("cache     38.4 kB for 10 tokens in f32; MHA with 8 heads: 122.9 kB (3.2 times as much),"
                        + " MHA of equal parameters with 5 heads: 76.8 kB (2.0 times as much)");
    }

    @Test
    void speculationDoesNotChangeTheText() {
        String text = "One two three four five six seven eight. One two three four five six";
        CommandResult plain = generate(text, "-n", "60", "--seed", "5", "--temperature", "0.3");
        for (String how : List.of("ngram", "ngram:15", "off")) {
            CommandResult ran =
                    generate(text, "-n", "60", "--seed", "5", "--temperature", "0.3", "--speculate", how);
            assertThat(ran).isEqualTo(plain);
        }
        String off = generate(text, "-n", "2", "--stats").err();
        assertThat(off).contains("kernels   ").doesNotContain("drafts");
        for (String samples : List.of("1", "2")) { // too short for drafts, but speculation is on
            String idle = generate("x", "-n", "1", "--samples", samples, "--speculate", "ngram", "--stats").err();
            assertThat(idle).contains("kernels   ", "drafts    0 accepted, 0 rejected");
        }
        for (String how : List.of("ngram:16", "ngram:x", "grams", "ngram:0")) {
            CommandResult ran = generate(text, "--speculate", how);
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.err()).contains("--speculate: expected");
        }
    }

    /** The prompt may follow the model's name; a model with another vocabulary is refused. */
    @Test
    void aSecondModelDoesNotChangeTheText() {
        String model = CommandResult.TINY;
        CommandResult plain = generate("The whale", "-n", "40", "--seed", "5");
        for (String name : List.of(model, model + ":3")) {
            CommandResult ran = generate("The whale", "-n", "40", "--seed", "5", "--speculate", "model", name);
            assertThat(ran).isEqualTo(plain);
        }
        CommandResult other = generate("The whale", "--speculate", "model", "t6-mini");
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains(
                "--speculate model t6-mini: expected a model with the tokenizer of t6-tiny, found another one");
        CommandResult none = generate("The whale", "--speculate", "model", "nowhere");
        assertThat(none.err()).contains("--speculate model nowhere: expected a folder with config.json");
    }

    @Test
    void speculationNeedsAName() {
        CommandResult ran = CommandResult.of("generate", "The whale", "--speculate", "model");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--speculate: expected");
    }

    @Test
    void stopStringsAreNotPrinted() {
        CommandResult ran =
                generate("The whale", "-n", "64", "--temperature", "0", "--stop", "zzz", "--stop", "-boat", "--json");

        assertThat(ran.json()).containsEntry("text", ", and the whale").containsEntry("finish_reason", "stop_string");
        assertThat(generate("The whale", "-n", "64", "--temperature", "0", "--stop", "-boat").out())
                .isEqualTo(", and the whale\n");
    }

    @Test
    void nothingToGenerateIsAnEmptyLine() {
        assertThat(generate("The whale", "-n", "0")).isEqualTo(new CommandResult(0, "\n", ""));
    }

    @Test
    void anEmptyPromptStartsADocument() {
        Map<String, Object> json = generate("", "-n", "4", "--json").json();

        assertThat(json).containsEntry("prompt_tokens", 1L);
        assertThat(Json.array(json.get("tokens"), "tokens")).hasSize(4);
    }

    @Test
    void aContextBeyondTrainingIsAllowedWithANote() {
        CommandResult ran = generate("The whale", "-n", "2", "--context", "600");

        assertThat(ran.code()).isZero();
        assertThat(ran.err()).contains("note: --context 600 exceeds the 512 positions").hasLineCount(1);
    }

    @Test
    void aSmallContextEndsTheText() {
        Map<String, Object> json = generate("The whale", "-n", "64", "--context", "6", "--json").json();

        assertThat(json).containsEntry("finish_reason", "context_full");
        for (String option : List.of("--stats", "--samples=2")) {
            assertThat(generate("The whale", "-n", "64", "--context", "6", option).err())
                    .contains(
                            "t6j: note: the text ends because the context of 6 tokens is full; use a larger --context");
        }
    }

    @Test
    void aVariantThatContradictsTheFolderIsNoted(@TempDir Path folder) throws IOException {
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(Path.of(CommandResult.TINY, name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("t6j.json"), "{\"variant\": \"full\"}");
        String[] command = {"generate", "x", "-n", "1", "--model", folder.toString(), "--variant", "partialrope"};

        assertThat(CommandResult.of(command).err())
                .contains(
                        "t6j: note: --variant partialrope overrides " + folder.resolve("t6j.json")
                                + ", which says full")
                .hasLineCount(1);
        command[command.length - 1] = "full";
        assertThat(CommandResult.of(command).err()).isEmpty();
    }

    @Test
    void aPromptLongerThanTheContextIsAnError() {
        CommandResult ran = generate("The whale", "--context", "1");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("expected at most 1 tokens, the context, found 2", "--context").hasLineCount(1);
    }

    @Test
    void aModelWithoutTokenizerIsAnError() {
        CommandResult ran = CommandResult.of("generate", "x", "--model",
                CommandResult.TESTDATA.resolve("golden/T6_odd").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("T6_odd", "tokenizer.json").hasLineCount(1);
    }

    @Test
    void aNameThatIsNoModelIsAnsweredAtOnce(@TempDir Path folder) {
        CommandResult ran =
                CommandResult.in(Map.of("HF_HOME", folder.toString()), null, "generate", "x", "--model", "nosuchname");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .isEqualTo("t6j: --model nosuchname: expected a folder with config.json and weights, or a file"
                        + " of weights, or a pulled model, found neither: t6j models lists the models on this"
                        + " machine, t6j pull ORG/NAME downloads one from a hub\n");
        assertThat(CommandResult.in(Map.of("HF_HOME", folder.toString()), null, "generate", "x", "--model", "org/none")
                .err())
                .contains("t6j pull org/none downloads that model").hasLineCount(1);
    }

    /** t6-tiny has 4096 ids; the other tokenizer has the text of 104 of them. */
    @Test
    void aTokenizerOfFewerIdsIsNoted() {
        String other = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf").toString();
        CommandResult ran =
                CommandResult.of("generate", "the", "-n", "1", "--model", CommandResult.TINY, "--tokenizer", other);
        assertThat(ran.code()).isZero();
        assertThat(ran.err())
                .isEqualTo("t6j: note: the tokenizer " + other + " has 104 ids, the model 4096: ids from 104 on"
                        + " have no text; is it the tokenizer of this model?\n");
        assertThat(CommandResult
                .of("generate", "the", "-n", "1", "--model", CommandResult.TINY, "--tokenizer", CommandResult.TINY)
                .err()).isEmpty();
    }

    @Test
    void theSameTextWithOneThreadAndMapped() {
        assertThat(generate("The whale", "-n", "16", "--seed", "5", "--threads", "1", "--load", "mmap").out())
                .isEqualTo(generate("The whale", "-n", "16", "--seed", "5", "--threads", "3").out());
    }

    @Test
    void theCacheTypeIsChosen() {
        CommandResult ran = generate("The whale", "-n", "8", "--temperature", "0", "--cache-type", "bf16", "--stats");

        assertThat(ran.out()).isEqualTo(generate("The whale", "-n", "8", "--temperature", "0").out());
        assertThat(ran.err()).contains(
                "cache     19.2 kB for 10 tokens in bf16; MHA with 8 heads: 61.4 kB (3.2 times as much),");
        assertThat(generate("The whale", "--cache-type", "q4").code()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f16", "bf16", "q8"})
    void aSavedSessionContinues(String type, @TempDir Path folder) throws IOException {
        String file = folder.resolve("chat").toString();
        String whole = generate("The whale", "-n", "30", "--temperature", "0", "--cache-type", type).out();

        CommandResult first = generate(
                "The whale", "-n", "12", "--temperature", "0", "--cache-type", type, "--session", file);
        CommandResult second = generate("", "-n", "18", "--temperature", "0", "--cache-type", type, "--session", file);

        assertThat(first.err() + second.err()).isEmpty();
        assertThat(first.out().stripTrailing() + second.out()).isEqualTo(whole);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("chat"));
        }
    }

    @Test
    void aPromptFollowsTheIdsOfTheSession(@TempDir Path folder) {
        String file = folder.resolve("chat").toString();
        generate("The whale", "-n", "0", "--session", file);

        CommandResult ran = generate(" swam", "-n", "9", "--temperature", "0", "--session", file);

        assertThat(ran.out()).isEqualTo(generate("The whale swam", "-n", "9", "--temperature", "0").out());
        assertThat(generate("x y z", "--context", "13", "--session", file).err())
                .contains("expected at most 13 tokens, the context, found ", "of them in --session)");
    }

    @Test
    void aWrongSessionFileIsRefusedAndKept(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("chat");
        generate("The whale", "-n", "1", "--session", file.toString(), "--cache-type", "q8");
        byte[] bytes = Files.readAllBytes(file);

        CommandResult other = generate("The whale", "-n", "1", "--session", file.toString(), "--cache-type", "f32");
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out()).isEmpty();
        assertThat(other.err()).contains("chat: cache_type: expected f32, found q8").hasLineCount(1);
        assertThat(file).hasBinaryContent(bytes);

        Files.writeString(file, "something else");
        CommandResult text = generate("The whale", "-n", "1", "--session", file.toString());
        assertThat(text.code()).isEqualTo(1);
        assertThat(text.err()).contains("chat: expected a saved session of t6j, or a new name, found another file")
                .hasLineCount(1);
        assertThat(file).hasContent("something else");
        CommandResult weights = generate("The whale", "--session", CommandResult.TINY + "/model.safetensors");
        assertThat(weights.code()).isEqualTo(1);
        assertThat(weights.err()).contains("or a new name, found other tensors").hasLineCount(1);
    }

    @Test
    void aSessionIsResumedInTheTypeThatItHas(@TempDir Path folder) {
        String file = folder.resolve("chat").toString();
        generate("The whale", "-n", "1", "--temperature", "0", "--session", file, "--cache-type", "bf16");

        CommandResult ran = generate("", "-n", "8", "--temperature", "0", "--session", file, "--stats");

        assertThat(ran.code()).isZero();
        assertThat(ran.err()).contains(" tokens in bf16;");
    }

    /** The check comes before the model is loaded: there is no model. */
    @Test
    void aSessionThatCannotBeSavedIsRefusedBeforeTheWork(@TempDir Path folder) {
        String file = folder.resolve("no/chat").toString();

        CommandResult ran = CommandResult.of("generate", "x", "--session", file, "--model", "nowhere");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("t6j: " + file + ": cannot be written: ").hasLineCount(1);
        CommandResult other = CommandResult.of("generate", "x", "--session", folder.toString(), "--model", "nowhere");
        assertThat(other.err()).contains(": cannot be written: ", "found a folder").hasLineCount(1);
    }

    /** Pieces arrive as they are generated, and a closed pipe ends the command without a message. */
    @Test
    void aClosedPipeEndsQuietly() {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        OutputStream head = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                if (read.size() == 8) {
                    throw new IOException("Broken pipe");
                }
                read.write(b);
            }
        };

        assertThat(runInto(head)).isEqualTo(new CommandResult(0, "", ""));
        assertThat(read.toString(StandardCharsets.UTF_8)).isEqualTo(", and the whale-boat".substring(0, 8));
    }

    @Test
    void aFullDiskIsAnError() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };

        assertThat(runInto(full))
                .isEqualTo(new CommandResult(1, "", "t6j: standard output: No space left on device\n"));
    }

    private static CommandResult runInto(OutputStream out) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = new Main(new ByteArrayInputStream(new byte[0]), out, errors, false)
                .run("generate", "The whale", "--temperature", "0", "--model", CommandResult.TINY);
        return new CommandResult(code, "", err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n"));
    }

    private static CommandResult generate(String prompt, String... options) {
        List<String> args = new ArrayList<>(List.of("generate", prompt, "--model", CommandResult.TINY));
        args.addAll(List.of(options));
        return CommandResult.of(args.toArray(String[]::new));
    }

    @Test
    void aContextBeyondMemoryIsOneLineWithTheNumbers() {
        CommandResult ran =
                CommandResult.of("generate", "hi", "--model", CommandResult.TINY, "--context", "2000000000");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err().lines().toList().getLast())
                .startsWith("t6j: a context of 2000000000 ids, 3840 bytes each: expected at most ")
                .endsWith("or with a smaller cache type");
    }
}
