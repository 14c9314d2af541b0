package io.github.t6j.jmh.peer;

import io.github.t6j.json.Json;
import io.github.t6j.weights.GgufFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.zip.GZIPInputStream;

/** GGUF file of a tokenizer alone, with the keys that llama.cpp's conversion writes. */
final class VocabularyFile {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;
    private static final int FIRST_WORD = 259; // of SentencePiece: three marks and 256 bytes are before it

    private final TreeMap<Integer, String> tokens = new TreeMap<>();
    private final Map<Integer, Integer> added = new LinkedHashMap<>();
    private final List<String> merges = new ArrayList<>();

    /** @param json of a tokenizer.json */
    private VocabularyFile(Map<String, Object> json) {

        Map<String, Object> model = Json.object(json.get("model"), "model");
        Json.object(model.get("vocab"), "vocab").forEach((token, id) -> tokens.put(((Long) id).intValue(), token));
        for (Object merge : Json.array(model.get("merges"), "merges")) {
            merges.add(merge instanceof List<?> pair ? pair.getFirst() + " " + pair.getLast() : (String) merge);
        }
        for (Object item : Json.array(json.get("added_tokens"), "added_tokens")) {
            Map<String, Object> token = Json.object(item, "added token");
            int id = ((Long) token.get("id")).intValue();
            tokens.put(id, (String) token.get("content"));
            added.put(id, Boolean.TRUE.equals(token.get("special")) ? CONTROL : USER_DEFINED);
        }
    }

    /** Copies tokenizer.json from a folder of testdata/tokenizers to {@code to}; makes GPT-2's of its old files. */
    static void copyJson(String name, Path to) throws IOException {
        Path folder = Path.of(System.getProperty("t6j.testdata"), "tokenizers", name);
        if (name.equals("gpt2")) {
            Files.writeString(to, Json.write(gpt2(folder)));
        } else {
            try (InputStream packed = new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")))) {
                Files.copy(packed, to);
            }
        }
    }

    /** Makes {@code tokenizerJson} split texts by {@code regex}, and merge also what is a token as a whole. */
    static void split(Path tokenizerJson, String regex) throws IOException {
        Map<String, Object> json = Json.parseObject(Files.readAllBytes(tokenizerJson), tokenizerJson.toString());
        Object first = Json.array(Json.object(json.get("pre_tokenizer"), "pre_tokenizer").get("pretokenizers"),
                "pretokenizers").getFirst();
        Json.object(first, "Split").put("pattern", Map.of("Regex", regex));
        Json.object(json.get("model"), "model").put("ignore_merges", false);
        Files.writeString(tokenizerJson, Json.write(json));
    }

    private static Map<String, Object> gpt2(Path folder) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("vocab.bpe"));
        Map<String, Object> byteLevel = Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true);
        return Map.of("added_tokens", List.of(Map.of("id", 50256L, "content", "<|endoftext|>", "special", true,
                "single_word", false, "lstrip", false, "rstrip", false, "normalized", false)),
                "pre_tokenizer", byteLevel, "decoder", byteLevel,
                "model", Map.of("type", "BPE", "merges", lines.subList(1, lines.size()),
                        "vocab", Json.parseObject(Files.readAllBytes(folder.resolve("encoder.json")), "encoder.json")));
    }

    /** @param splitter name of the pre-tokenizer, or null: SentencePiece */
    static void write(Path tokenizerJson, String splitter, Path to) throws IOException {
        VocabularyFile file = new VocabularyFile(
                Json.parseObject(Files.readAllBytes(tokenizerJson), tokenizerJson.toString()));
        GgufFile gguf = new GgufFile().key("general.architecture", "llama");
        for (String size : List.of("context_length", "embedding_length", "block_count", "feed_forward_length",
                "attention.head_count")) {
            gguf.key("llama." + size, 1);
        }
        gguf.key("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        Files.write(to, (splitter == null ? file.sentencePiece(gguf) : file.byteLevel(gguf, splitter)).make());
    }

    private GgufFile byteLevel(GgufFile gguf, String splitter) {
        gguf.key("tokenizer.ggml.model", "gpt2").key("tokenizer.ggml.pre", splitter);
        keys(gguf, id -> added.getOrDefault(id, NORMAL));
        return array(gguf, "merges", GgufFile.STRING, merges.toArray())
                .key("tokenizer.ggml.bos_token_id", tokens.lastKey()).key("tokenizer.ggml.eos_token_id",
                        tokens.lastKey());
    }

    /** SentencePiece merges to the word of the best score; tokenizer.json has its merges in that order. */
    private GgufFile sentencePiece(GgufFile gguf) {
        gguf.key("tokenizer.ggml.model", "llama");
        keys(gguf, id -> id == 0 ? UNKNOWN : id < 3 ? CONTROL : id < FIRST_WORD ? BYTE : NORMAL);
        Float[] scores = new Float[tokens.lastKey() + 1];
        int last = -merges.size();
        Map<String, Integer> order = new LinkedHashMap<>();
        merges.forEach(merge -> order.putIfAbsent(merge.replace(" ", ""), -order.size()));
        tokens.forEach((id, token) -> scores[id] = (float) order.getOrDefault(token, last));
        return array(gguf, "scores", GgufFile.FLOAT, scores)
                .key("tokenizer.ggml.bos_token_id", 1).key("tokenizer.ggml.eos_token_id", 2);
    }

    private void keys(GgufFile gguf, IntUnaryOperator type) {
        Object[] texts = new Object[tokens.lastKey() + 1];
        Integer[] types = new Integer[texts.length];
        for (int id = 0; id < texts.length; id++) {
            texts[id] = tokens.getOrDefault(id, "[PAD" + id + "]");
            types[id] = type.applyAsInt(id);
        }
        array(gguf, "tokens", GgufFile.STRING, texts);
        array(gguf, "token_type", GgufFile.I32, types);
    }

    private static GgufFile array(GgufFile gguf, String name, int type, Object[] values) {
        return gguf.key("tokenizer.ggml." + name, GgufFile.ARRAY, type, (long) values.length, GgufFile.bytes(values));
    }
}
