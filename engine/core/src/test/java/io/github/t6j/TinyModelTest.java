package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests t6-tiny against results of the official code (models/t6-tiny/reference.json). */
class TinyModelTest {
    private static final int WINDOW = 512;

    private static Model model;
    private static Map<String, Object> reference;

    @BeforeAll
    static void load() {
        model = Model.load(TestData.tiny());
        reference = TestData.json("models/t6-tiny/reference.json");
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void logitsOfTheFirstIdsMatchTheOfficialOnes() {
        double[] expected = TestData.doubles("models/t6-tiny/logits_f64.safetensors", "logits");
        double[] ids = TestData.doubles("models/t6-tiny/logits_f64.safetensors", "input_ids");
        try (Session session = model.newSession()) {
            session.prefill(Arrays.stream(ids).mapToInt(id -> (int) id).toArray(), (position, logits) -> {
                for (int i = 0; i < logits.length; i++) {
                    assertThat((double) logits[i])
                            .as("position " + position + " id " + i)
                            .isCloseTo(expected[position * logits.length + i], within(2e-4));
                }
            });
        }
    }

    @Tag("full")
    @Test
    void perplexityOfTheTestTextMatchesTheOfficialOne() throws IOException {
        Map<String, Object> expected = Json.object(reference.get("perplexity"), "perplexity");
        String text = Files.readString(TestData.path("text/test.txt"));
        int[] ids = model.tokenizer().encodeWithSpecialTokens(text);
        assertThat(ids).hasSize(((Long) expected.get("ids")).intValue());
        double nll = 0;
        int scored = 0;
        try (Session session = model.newSession()) {
            for (int from = 0; from < ids.length; from += WINDOW) {
                int[] window = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + WINDOW));
                double[] sum = new double[1];
                session.truncate(0);
                session.prefill(window, (position, logits) -> {
                    if (position + 1 < window.length) {
                        sum[0] -= logProbability(logits, window[position + 1]);
                    }
                });
                nll += sum[0];
                scored += window.length - 1;
            }
        }
        assertThat((long) scored).isEqualTo(expected.get("scored"));
        assertThat(nll / scored).isCloseTo((Double) expected.get("mean_nll_f64"), within(5e-6));
    }

    static double logProbability(float[] logits, int id) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return logits[id] - max - Math.log(sum);
    }

    @Test
    void greedyContinuationsMatchTheOfficialOnes() {
        Map<String, Object> prompts = Json.object(reference.get("greedy"), "greedy");
        assertThat(prompts).isNotEmpty();
        prompts.forEach((prompt, value) -> {
            Map<String, Object> expected = Json.object(value, prompt);
            int[] ids = TestData.ints(expected.get("greedy_ids"));
            assertThat(model.tokenizer().encode(prompt)).isEqualTo(TestData.ints(expected.get("prompt_ids")));
            try (Session session = model.newSession()) {
                Generation generation = session.generate(
                        prompt,
                        GenerationOptions.defaults()
                                .withMaxTokens(ids.length)
                                .withIgnoreEndOfText(true)
                                .withSampling(SamplingOptions.greedy()));
                assertThat(generation.tokens().stream().mapToInt(Token::id)).as(prompt).containsExactly(toObject(ids));
                assertThat(generation.text()).as(prompt).isEqualTo(expected.get("text"));
            }
        });
    }

    private static Integer[] toObject(int[] ids) {
        return Arrays.stream(ids).boxed().toArray(Integer[]::new);
    }

    /** Users add tokens to a tokenizer without extending the model; such an id cannot be fed and is never chosen. */
    @Test
    void aTokenizerMayHaveAFewMoreIdsThanTheModel(@TempDir Path folder) throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(TestData.tiny().resolve(name), folder.resolve(name));
        }
        Map<String, Object> json =
                Json.parseObject(Files.readAllBytes(TestData.tiny().resolve("tokenizer.json")), "json");
        List<Object> added = new ArrayList<>(Json.array(json.get("added_tokens"), "added_tokens"));
        added.add(Map.of("id", 4096L, "content", "<more>", "special", true));
        json = new LinkedHashMap<>(json);
        json.put("added_tokens", added);
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
        try (Model changed = Model.load(folder); Session session = changed.newSession()) {
            int[] ids = changed.tokenizer().encodeWithSpecialTokens("<more>");
            assertThat(ids).containsExactly(4096);
            assertThatThrownBy(() -> session.prefill(ids)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("found 4096");
            assertThat(session.generate("The whale", GenerationOptions.defaults().withMaxTokens(3)).tokens())
                    .hasSize(3);
        }
    }
}
