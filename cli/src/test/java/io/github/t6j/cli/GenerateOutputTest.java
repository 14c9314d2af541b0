package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.cli.bench.PeakMemory;
import io.github.t6j.cli.io.Text;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output of generate on a terminal and for programs, and its options about ids. */
class GenerateOutputTest {
    private static final String TEXT = ", and the whale-b\n"; // from testdata/models/t6-tiny/reference.json
    private static final String DIM = "\u001b[2m";

    private static CommandResult generate(Map<String, String> environment, String typed, String... options) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", CommandResult.TINY));
        args.addAll(List.of("--temperature", "0"));
        args.addAll(List.of(options));
        args.addAll(args.contains("-n") ? List.of() : List.of("-n", "6"));
        return CommandResult.in(environment, typed, args.toArray(String[]::new));
    }

    private static CommandResult generate(String... options) {
        return generate(Map.of(), null, options);
    }

    @Test
    void aTerminalShowsThePromptDim() {
        assertThat(generate(Map.of(), "", "The whale"))
                .isEqualTo(new CommandResult(0, DIM + "The whale\u001b[22m" + TEXT, ""));
        assertThat(generate(Map.of("NO_COLOR", "1"), "", "The whale").out()).isEqualTo("The whale" + TEXT);
        assertThat(generate(Map.of("TERM", "dumb"), "", "The whale").out()).isEqualTo("The whale" + TEXT);
        assertThat(generate(Map.of(), "", "The whale", "--no-echo").out()).isEqualTo(TEXT);
        assertThat(generate(Map.of(), "", "The whale", "--json").json()).containsEntry("text", TEXT.strip());
        assertThat(generate("The whale")).isEqualTo(new CommandResult(0, TEXT, ""));
    }

    @Test
    void aShownPromptIsHarmlessAndShort() {
        String out = generate(Map.of(), "", "\u001b[2Jx\u202e" + "whale ".repeat(300), "-n", "0").out();
        assertThat(out).startsWith(DIM + "…").hasSizeLessThan(1020).doesNotContain("\u001b[2J", "\u202e");
        assertThat(generate(Map.of(), "", "\u001b[2Jx", "-n", "0").out()).contains("\\u001b[2Jx");
        assertThat(Text.printableEnd("a🐳b", 2)).isEqualTo("…b");
        assertThat(Text.printableEnd("a🐳b", 3)).isEqualTo("…🐳b");
        assertThat(Text.printableEnd("a🐳b", 4)).isEqualTo("a🐳b");
    }

    @Test
    void aPromptComesInFourWays(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("prompt"), "The whale");
        assertThat(generate("-p", "The whale").out()).isEqualTo(TEXT);
        assertThat(generate("--prompt-file", file.toString()).out()).isEqualTo(TEXT);
        Files.writeString(file, "The whale\n");
        assertThat(generate("-f", file.toString()).out()).isEqualTo(generate("The whale\n").out()).isNotEqualTo(TEXT);
        assertThat(generate("-f", folder.resolve("no").toString()).err()).contains("no: cannot be read: no such file");
        Files.write(file, new byte[] {'a', (byte) 0xff});
        assertThat(generate("-f", file.toString()).err()).contains("prompt: expected UTF-8").hasLineCount(1);
    }

    /** As llama.cpp's; the context ends the text. */
    @Test
    void minusOneIsNoLimit() {
        CommandResult ran = generate("The whale", "-n", "-1", "-c", "24", "--ignore-eos", "--json");
        assertThat(ran.code()).as(ran.err()).isZero();
        long prompt = (Long) ran.json().get("prompt_tokens");
        assertThat(ran.json()).containsEntry("finish_reason", "context_full");
        assertThat((List<?>) ran.json().get("tokens")).hasSize((int) (24 - prompt));
        assertThat(ran.err()).contains("the context of 24 tokens is full").hasLineCount(1);
    }

    @Test
    void layersOnAGpuHaveANote() {
        assertThat(generate("The whale", "-ngl", "99")).isEqualTo(new CommandResult(0, TEXT,
                "t6j: note: -ngl 99: t6j uses no GPU; all layers run on the CPU\n"));
        assertThat(generate("The whale", "--n-gpu-layers", "all").err()).startsWith("t6j: note: -ngl all: ");
        assertThat(generate("The whale", "-ngl", "0")).isEqualTo(new CommandResult(0, TEXT, ""));
    }

    @Test
    void namesThatFingersKnow() {
        CommandResult ran = CommandResult.of("generate", "-m", CommandResult.TINY, "-p", "The whale", "--max-tokens",
                "6", "--temp", "0", "-c", "64",
                "-t", "1");
        assertThat(ran).isEqualTo(new CommandResult(0, TEXT, ""));
    }

    private static List<Map<String, Object>> lines(CommandResult ran) {
        assertThat(ran.code()).isZero();
        return ran.out().lines().map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line")).toList();
    }

    @Test
    void streamIsAnObjectATokenAndThenTheWhole() {
        List<Map<String, Object>> lines = lines(generate("The whale", "--json", "--stream", "--seed", "1"));
        Map<String, Object> whole = generate("The whale", "--json", "--seed", "1").json();

        assertThat(lines).hasSize(7);
        List<Map<String, Object>> tokens = lines.subList(0, 6);
        assertThat(tokens)
                .allSatisfy(token -> assertThat(token.keySet()).containsExactly("id", "text", "log_probability"));
        assertThat(tokens.stream().map(token -> token.get("id"))).isEqualTo(whole.get("tokens"));
        assertThat(tokens.stream().map(token -> token.get("log_probability")))
                .isEqualTo(whole.get("log_probabilities"));
        assertThat(String.join("", tokens.stream().map(token -> (String) token.get("text")).toList()))
                .isEqualTo(whole.get("text"));
        assertThat(lines.getLast().keySet()).isEqualTo(whole.keySet());
        assertThat(lines.getLast()).containsEntry("text", whole.get("text")).containsEntry("tokens",
                whole.get("tokens"));
    }

    /** Compares with sessions of their own that were fed all ids before the token. */
    @Test
    void logprobsBelongToTheMostLikelyIds() {
        List<Map<String, Object>> streamed = lines(generate("The whale", "--json", "--stream", "--logprobs", "3"));
        Map<String, Object> whole = generate("The whale", "--json", "--logprobs", "3").json();
        List<Object> alternatives = Json.array(whole.get("top_log_probabilities"), "alternatives");

        assertThat(streamed.getLast()).containsEntry("top_log_probabilities", alternatives);
        assertThat(streamed.subList(0, 6).stream().map(token -> token.get("top_log_probabilities")))
                .isEqualTo(alternatives);
        try (Model model = Model.load(Path.of(CommandResult.TINY))) {
            List<Integer> ids = new ArrayList<>(IntStream.of(model.tokenizer().encode("The whale")).boxed().toList());
            for (Object token : alternatives) {
                assertMostLikely(model, ids, Json.array(token, "token"));
                ids.add(((Number) Json.object(Json.array(token, "token").getFirst(), "first").get("id")).intValue());
            }
        }
    }

    private static void assertMostLikely(Model model, List<Integer> ids, List<Object> found) {
        try (Session session = model.newSession()) {
            session.prefill(ids.stream().mapToInt(id -> id).toArray());
            float[] logits = session.logits();
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            List<Integer> best = IntStream.range(0, logits.length).boxed()
                    .sorted(Comparator.comparingDouble(id -> -logits[id])).limit(3).toList();
            assertThat(found).hasSize(3);
            for (int i = 0; i < 3; i++) {
                Map<String, Object> token = Json.object(found.get(i), "one");
                assertThat(token).containsEntry("id", (long) best.get(i))
                        .containsEntry("text", model.tokenizer().decode(best.get(i)));
                assertThat(((Number) token.get("log_probability")).doubleValue())
                        .isCloseTo(logits[best.get(i)] - Math.log(sum), within(1e-4));
            }
        }
    }

    /** The first id of the greedy text is 11, a comma. */
    @Test
    void aBiasBansOrForcesAnId() {
        assertThat(generate("The whale", "--logit-bias", "11=-Infinity").out()).doesNotContain(",");
        assertThat(generate("The whale", "--logit-bias", "11=1000", "--logit-bias", "259=2000").out())
                .isEqualTo(" the".repeat(6) + "\n");
        CommandResult ran = generate("The whale", "--logit-bias", "4096=1");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("t6j: --logit-bias: expected ids below 4096").contains("found 4096")
                .hasLineCount(1);
    }

    /**
     * With so large a penalty no id repeats; for a forced id, three times 10 outweigh 25 after its third occurrence.
     */
    @Test
    void penaltiesCountGeneratedIds() {
        for (String option : List.of("--frequency-penalty", "--presence-penalty")) {
            Map<String, Object> json = generate("The whale", "-n", "60", option, "1000", "--json").json();
            assertThat(Json.array(json.get("tokens"), "tokens")).hasSizeGreaterThan(20).doesNotHaveDuplicates();
        }
        String forced = generate("The whale", "--logit-bias", "259=1000", "--frequency-penalty", "400").out();
        assertThat(forced).startsWith(" the the the").doesNotStartWith(" the the the the");
        assertThat(generate("The whale", "--logit-bias", "259=1000", "--presence-penalty", "400").out())
                .isEqualTo(" the".repeat(6) + "\n");
        assertThat(
                CommandResult.of("chat", "-m", CommandResult.TINY, "-p", "The whale", "-n", "6", "--temp", "0",
                        "--logit-bias", "259=1000",
                        "--presence-penalty", "1200").out())
                .doesNotContain("the the");
    }

    @Test
    void statsSeparateWarmUpFromSpeed() {
        assertThat(generate("The whale", "-n", "42", "--ignore-eos", "--stats").err())
                .containsPattern("decode {4}42 tokens, .* tokens/s; after warm-up: last 10 tokens, .* tokens/s\n");
        assertThat(generate("The whale", "-n", "31", "--stats").err()).contains("decode ")
                .doesNotContain("after warm-up");
    }

    @Test
    void statsHaveLoadingTimeAndPenalties() {
        assertThat(generate("The whale", "--stats", "--frequency-penalty", "0.5").err())
                .containsPattern("load {6}\\d+\\.\\d\\d s").contains("frequency penalty 0.5, presence penalty 0.0");
        PeakMemory.bytes().ifPresent(peak -> assertThat(peak).isGreaterThan(10_000_000)); // every JVM takes more
    }
}
