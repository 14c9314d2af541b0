package io.github.t6j.tokenizer;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tokenizers of testdata/, and a tiny tokenizer.json to modify. */
public final class HandMadeTokenizer {
    static final Path TESTDATA = TestData.path("");
    public static final Path GPT2 = TestData.path("tokenizers/gpt2");
    public static final Path BPE4096 = TESTDATA.resolve("tokenizers/bpe4096");
    static final Path T6_TINY = TESTDATA.resolve("models/t6-tiny");

    private HandMadeTokenizer() {}

    /** Returns a book. */
    public static String testText() throws IOException {
        return Files.readString(TESTDATA.resolve("text/test.txt"));
    }

    /**
     * Returns GPT-2's byte-level BPE with the bytes as ids 0 to 255, and the results of {@code merges} from 256 on.
     */
    public static Map<String, Object> tokenizerJson(List<String> merges) {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        for (int b = 0; b < 256; b++) {
            vocabulary.put(ReferenceBpe.character(b), (long) b);
        }
        for (String merge : merges) {
            vocabulary.putIfAbsent(merge.replace(" ", ""), (long) vocabulary.size());
        }
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("vocab", vocabulary);
        model.put("merges", new ArrayList<Object>(merges));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("added_tokens", new ArrayList<>());
        json.put("normalizer", null);
        json.put("pre_tokenizer", byteLevel());
        json.put("model", model);
        return json;
    }

    public static Map<String, Object> byteLevel() {
        Map<String, Object> preTokenizer = new LinkedHashMap<>();
        preTokenizer.put("type", "ByteLevel");
        preTokenizer.put("add_prefix_space", false);
        preTokenizer.put("use_regex", true);
        return preTokenizer;
    }

    /** Adds a token to the vocabulary too, so that its id may be any. */
    public static void add(Map<String, Object> json, String content, long id, boolean special) {
        Object model = json.get("model");
        Json.object(Json.object(model, "model").get("vocab"), "vocab").put(content, id);
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("id", id);
        token.put("content", content);
        token.put("special", special);
        Json.array(json.get("added_tokens"), "added_tokens").add(token);
    }

    public static Path write(Path folder, Map<String, Object> json) throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
    }
}
