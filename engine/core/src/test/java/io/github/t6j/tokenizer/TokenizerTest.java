package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with ids of other implementations. */
class TokenizerTest {
    private static final Tokenizer GPT2 = Tokenizer.load(HandMadeTokenizer.GPT2);
    private static final Tokenizer T6_TINY = Tokenizer.load(HandMadeTokenizer.T6_TINY);

    @TempDir
    Path folder;

    @Test
    void idsEqualTiktokensAndDecodeToTheText() throws IOException {
        Path file = HandMadeTokenizer.TESTDATA.resolve("tokenizers/cases/gpt2-gold.jsonl.gz");
        int cases = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Map<String, Object> gold = Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "gold");
                String text = (String) gold.get("text");
                int[] ids = TestData.ints(gold.get("ids"));
                assertThat(GPT2.encode(text)).as("case %s: %s", gold.get("id"), text).isEqualTo(ids);
                assertThat(GPT2.decode(ids)).as("case %s", gold.get("id")).isEqualTo(text);
                assertThat(bytes(GPT2, ids)).as("case %s", gold.get("id"))
                        .isEqualTo(text.getBytes(StandardCharsets.UTF_8));
                cases++;
            }
        }
        assertThat(cases).isEqualTo(3616);
    }

    static byte[] bytes(Tokenizer tokenizer, int... ids) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int id : ids) {
            all.writeBytes(tokenizer.bytes(id));
        }
        return all.toByteArray();
    }

    @Test
    void givesACopyOfAnIdsBytes() {
        byte[] bytes = GPT2.bytes(1169);
        assertThat(bytes).asString(StandardCharsets.UTF_8).isEqualTo("the");
        bytes[0] = 0;
        assertThat(GPT2.bytes(1169)).asString(StandardCharsets.UTF_8).isEqualTo("the");
        assertThat(GPT2.bytes(50256)).asString(StandardCharsets.UTF_8).isEqualTo("<|endoftext|>");
        assertThatThrownBy(() -> GPT2.bytes(50257)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id 50257 has no text");
        assertThatThrownBy(() -> GPT2.bytes(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hasItsSizeAndItsEndId() {
        assertThat(GPT2.size()).isEqualTo(50257);
        assertThat(GPT2.endOfText()).isEqualTo(50256);
        assertThat(T6_TINY.size()).isEqualTo(4096);
        assertThat(T6_TINY.endOfText()).isEqualTo(4095);
    }

    @Test
    void idsEqualThoseThatTheTinyModelWasTrainedOn() throws IOException {
        Map<String, Object> reference = TestData.json(HandMadeTokenizer.T6_TINY.resolve("reference.json"));
        long ids = (Long) Json.object(reference.get("perplexity"), "perplexity").get("ids");
        assertThat(T6_TINY.encodeWithSpecialTokens(HandMadeTokenizer.testText())).hasSize((int) ids);

        Map<String, Object> prompts = Json.object(reference.get("greedy"), "greedy");
        assertThat(prompts).hasSize(3);
        prompts.forEach((prompt, value) -> {
            Map<String, Object> greedy = Json.object(value, prompt);
            assertThat(T6_TINY.encode(prompt)).isEqualTo(TestData.ints(greedy.get("prompt_ids")));
            assertThat(T6_TINY.decode(TestData.ints(greedy.get("greedy_ids")))).isEqualTo(greedy.get("text"));
        });
    }

    @Test
    void idsAreTheSameFromEveryFormOfItsFiles() throws IOException {
        Path originals = Files.createDirectory(folder.resolve("originals"));
        Files.copy(HandMadeTokenizer.BPE4096.resolve("encoder.json"), originals.resolve("encoder.json"));
        Files.copy(HandMadeTokenizer.BPE4096.resolve("vocab.bpe"), originals.resolve("vocab.bpe"));
        Path renamed = Files.createDirectory(folder.resolve("renamed"));
        Files.copy(HandMadeTokenizer.BPE4096.resolve("encoder.json"), renamed.resolve("vocab.json"));
        // with the line ends of Windows
        Files.writeString(renamed.resolve("merges.txt"),
                Files.readString(HandMadeTokenizer.BPE4096.resolve("vocab.bpe")).replace("\n", "\r\n"));
        Path pairs = Files.createDirectory(folder.resolve("pairs"));
        Map<String, Object> json = TestData.json(HandMadeTokenizer.BPE4096.resolve("tokenizer.json"));
        Json.object(json.get("model"), "model").computeIfPresent("merges", (key, merges) -> Json.array(merges, key)
                .stream().map(merge -> List.of(((String) merge).split(" "))).toList());
        HandMadeTokenizer.write(pairs, json);

        String text = HandMadeTokenizer.testText();
        int[] expected = T6_TINY.encodeWithSpecialTokens(text);
        for (Path form : List.of(HandMadeTokenizer.BPE4096, HandMadeTokenizer.BPE4096.resolve("tokenizer.json"),
                originals, renamed,
                pairs)) {
            Tokenizer tokenizer = Tokenizer.load(form);
            assertThat(tokenizer.encodeWithSpecialTokens(text)).as("from %s", form).isEqualTo(expected);
            assertThat(tokenizer.endOfText()).as("from %s", form).isEqualTo(4095);
        }
        assertThat(T6_TINY.decode(expected)).isEqualTo(text);
    }

    @Test
    void readsSpecialTokensOnlyIfRequested() {
        String text = "a<|endoftext|>b<|endoftext|>";
        assertThat(GPT2.encode(text))
                .containsExactly(64, 27, 91, 437, 1659, 5239, 91, 29, 65, 27, 91, 437, 1659, 5239, 91, 29);
        assertThat(GPT2.encodeWithSpecialTokens(text)).containsExactly(64, 50256, 65, 50256);
        assertThat(GPT2.decode(64, 50256, 65, 50256)).isEqualTo(text);
        // the text before a special token is encoded by itself, including its last space
        assertThat(GPT2.encodeWithSpecialTokens("  <|endoftext|>  a")).containsExactly(220, 220, 50256, 220, 257);
    }

    @Test
    void findsTheLongestAddedTokenAndAlwaysReadsOrdinaryOnes() throws IOException {
        Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of());
        HandMadeTokenizer.add(json, "<a", 300, false);
        HandMadeTokenizer.add(json, "<a> é", 301, false);
        HandMadeTokenizer.add(json, "<a>", 302, true);
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThat(tokenizer.encode("<<a><a> é<b")).containsExactly('<', 300, '>', 301, '<', 'b');
        assertThat(tokenizer.encodeWithSpecialTokens("<<a><a> é<b")).containsExactly('<', 302, 301, '<', 'b');
        assertThat(tokenizer.decode('<', 302, 301, '<', 'b')).isEqualTo("<<a><a> é<b");
        assertThat(tokenizer.size()).isEqualTo(303);
        assertThat(tokenizer.endOfText()).isEqualTo(-1);
    }

    @Test
    void neverReturnsATokenThatItsBytesDoNotMergeInto() throws IOException {
        Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of("a b"));
        Map<String, Object> model = Json.object(json.get("model"), "model");
        Json.object(model.get("vocab"), "vocab").put("abc", 257L);
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThat(tokenizer.encode("abc")).containsExactly(256, 'c');
        assertThat(tokenizer.decode(257)).isEqualTo("abc");
    }

    @Test
    void readsLoneSurrogatesAsReplacementCharacters() {
        for (String lone : List.of("\uD83D", "\uDE00", "\uDE00\uD83D", "a\uD83D", "\uD83Da", "\uD83D\uD83D\uDE00?")) {
            String repaired = new String(lone.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
            assertThat(repaired).as("what Java reads").contains("\uFFFD");
            assertThat(GPT2.encode(lone)).isEqualTo(GPT2.encode(repaired));
            assertThat(GPT2.decode(GPT2.encode(lone))).isEqualTo(repaired);
        }
    }

    @Test
    void refusesToDecodeIdsWithoutText() throws IOException {
        assertThatThrownBy(() -> GPT2.decode(64, 50257))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("50257").hasMessageContaining("50256");
        assertThatThrownBy(() -> GPT2.newDecoder().append(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of());
        HandMadeTokenizer.add(json, "<end>", 260, true);
        Tokenizer gaps = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThatThrownBy(() -> gaps.decode(258))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("258").hasMessageContaining("except 4");
        assertThat(gaps.hasText(260)).isTrue();
        assertThat(List.of(gaps.hasText(258), gaps.hasText(261), gaps.hasText(-1))).containsOnly(false);
    }

    @Test
    void emptyTextHasNoIds() {
        assertThat(GPT2.encode("")).isEmpty();
        assertThat(GPT2.encodeWithSpecialTokens("")).isEmpty();
        assertThat(GPT2.decode()).isEmpty();
    }

    @Test
    void servesSeveralThreads() throws Exception {
        String text = HandMadeTokenizer.testText().substring(0, 100_000) + "x".repeat(1000);
        int[] alone = GPT2.encode(text);
        Callable<Boolean> job = () -> {
            for (int i = 0; i < 20; i++) {
                if (!Arrays.equals(GPT2.encode(text), alone) || !GPT2.decode(alone).equals(text)) {
                    return false;
                }
            }
            return true;
        };
        List<Boolean> same = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Boolean> result : threads.invokeAll(List.of(job, job, job, job))) {
                same.add(result.get());
            }
        }
        assertThat(same).containsExactly(true, true, true, true);
    }
}
