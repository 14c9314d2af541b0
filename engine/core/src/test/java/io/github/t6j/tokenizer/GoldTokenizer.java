package io.github.t6j.tokenizer;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Tokenizers of real models in testdata/, and small ones that have one option each. */
public final class GoldTokenizer {
    static final List<String> NAMES = List.of(
            "smollm2", "qwen3", "mistral-v0.1", "mistral-v0.1-legacy", "mistral-v0.3", "tekken-small", "llama3-small");

    private GoldTokenizer() {}

    /** Creates a folder of that name in {@code parent}, with the files of a model's folder. */
    public static Path unpack(String name, Path parent) throws IOException {
        Path from = TestData.path("tokenizers").resolve(name);
        Path folder = Files.createDirectories(parent.resolve(name));
        if (!Files.exists(folder.resolve("tokenizer.json"))) {
            try (InputStream packed = new GZIPInputStream(Files.newInputStream(from.resolve("tokenizer.json.gz")))) {
                Files.copy(packed, folder.resolve("tokenizer.json"));
            }
            Files.copy(from.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        }
        return folder;
    }

    /** Returns the results of Hugging Face's library, one case a line. */
    public static List<Map<String, Object>> cases(String name) throws IOException {
        return lines("tokenizers/" + name + "/gold.jsonl.gz");
    }

    /** Returns the small tokenizers, each with a name, a tokenizer.json and its cases. */
    static List<Map<String, Object>> variants() throws IOException {
        return lines("tokenizers/variants/variants.jsonl.gz");
    }

    private static List<Map<String, Object>> lines(String file) throws IOException {
        List<Map<String, Object>> all = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(TestData.path(file))), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                all.add(Json.parseObject(line.getBytes(StandardCharsets.UTF_8), file));
            }
        }
        return all;
    }

    /** Returns the ids that are not special. */
    static int[] withoutSpecial(Tokenizer tokenizer, int[] ids) {
        return Arrays.stream(ids).filter(id -> !tokenizer.isSpecial(id)).toArray();
    }
}
