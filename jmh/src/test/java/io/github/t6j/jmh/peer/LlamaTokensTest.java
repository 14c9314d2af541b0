package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.split.Splitters;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ids of random texts by t6j and by llama.cpp, both with the tokenizer of one GGUF file. Where they differ, the ids of
 * Hugging Face's library decide.
 */
@Tag("peer")
class LlamaTokensTest {
    private static final int TEXTS = 2000;
    /** Texts that llama.cpp may split otherwise, NFC aside; more would mean that the files or the binding are wrong. */
    private static final int MAX_DIFFERENCES = TEXTS / 50;
    private static final int MAX_SHOWN = 12;
    private static final Results RESULTS = new Results("tokens", "## Tokens", "",
            "Random texts. t6j's ids are Hugging Face's in all of them. A text differs because of NFC if llama.cpp makes"
                    + " Hugging Face's ids of its composed form.",
            "",
            "| tokenizer | texts | llama.cpp differs | of these because of NFC | other parts that it splits otherwise |",
            "|---|--:|--:|--:|---|");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"gpt2, gpt-2", "smollm2, smollm", "qwen3, qwen2", "mistral-v0.1-legacy,", "llama3-small, dbrx",
        "llama3-small, gpt-4o"})
    void t6jHasTheIdsOfHuggingFaceWhereLlamaCppDiffers(String name, String splitter) throws IOException {
        Path json = folder.resolve("tokenizer.json");
        Path gguf = folder.resolve("vocabulary.gguf");
        VocabularyFile.copyJson(name, json);
        if (name.equals("llama3-small")) {
            VocabularyFile.split(json,
                    Splitters.regexOf(Splitters.named(splitter.equals("dbrx") ? "cl100k" : "o200k").getFirst()));
        }
        VocabularyFile.write(json, splitter, gguf);
        long seed = System.nanoTime();
        RandomTexts texts = new RandomTexts(seed);
        int differences = 0;
        int otherwise = 0;
        Set<String> different = new TreeSet<>();
        try (HuggingFaceTokenizer judge = HuggingFaceTokenizer.newInstance(json);
                Checkpoint file = Checkpoint.open(gguf, true);
                LlamaModel llama = Llama.open().loadVocabulary(gguf)) {
            Tokenizer t6j = Tokenizer.ofGguf(file.gguf(), name).orElseThrow();
            for (int i = 0; i < TEXTS; i++) {
                String text = texts.next();
                int[] expected = ids(judge, text);
                assertThat(t6j.encode(text)).as("seed %d: %s: \"%s\"", seed, name, text).isEqualTo(expected);
                differences += Arrays.equals(llama.tokenize(text), expected) ? 0 : 1;
                Predicate<String> differs = part -> !Arrays.equals(llama.tokenize(part), ids(judge, part))
                        && !Arrays.equals(llama.tokenize(composed(part)), ids(judge, part));
                if (differs.test(text)) {
                    different.add(escaped(shortest(text, differs)));
                    otherwise++;
                }
            }
        }
        RESULTS.add("| %s | %d | %d | %d | %s |".formatted(
                name + (name.equals("llama3-small") ? ", " + splitter : ""), TEXTS, differences,
                differences - otherwise,
                different.stream().limit(MAX_SHOWN).map(part -> "`" + part + "`").collect(Collectors.joining(", "))));
        if (!"gpt-4o".equals(splitter)) { // llama.cpp: marks are no letters, and letters beyond ASCII have both cases
            assertThat(otherwise).as("seed %d: llama.cpp differs in %s", seed, different).isLessThan(MAX_DIFFERENCES);
        }
    }

    private static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /** A part of {@code text} that differs still, but would not without any of its characters. */
    private static String shortest(String text, Predicate<String> differs) {
        String part = text;
        for (int at = 0; at < part.length();) {
            int end = part.offsetByCodePoints(at, 1);
            String less = part.substring(0, at) + part.substring(end);
            if (differs.test(less)) {
                part = less;
                at = 0;
            } else {
                at = end;
            }
        }
        return part;
    }

    @AfterAll
    static void write() throws IOException {
        RESULTS.write();
    }

    private static int[] ids(HuggingFaceTokenizer judge, String text) {
        return Arrays.stream(judge.encode(text, false, false).getIds()).mapToInt(Math::toIntExact).toArray();
    }

    /** Characters beyond ASCII, and blanks, by their numbers; bars would end a table's cell. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> escaped
                .append(c > ' ' && c < 127 && c != '|' && c != '`' ? Character.toString(c) : "<%04X>".formatted(c)));
        return escaped.toString();
    }
}
