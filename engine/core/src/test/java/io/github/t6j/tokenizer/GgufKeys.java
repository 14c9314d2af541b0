package io.github.t6j.tokenizer;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Keys that a GGUF file has of a tokenizer, as llama.cpp's conversion writes them. */
public final class GgufKeys {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;

    private GgufKeys() {}

    private static Map<String, Object> keys(String model, List<String> tokens, int[] types) {
        Map<String, Object> keys = new HashMap<>();
        keys.put("tokenizer.ggml.model", model);
        keys.put("tokenizer.ggml.tokens", tokens);
        keys.put("tokenizer.ggml.token_type", types);
        return keys;
    }

    /** Keys for a folder with a byte-level tokenizer.json; ids 0 and 1 begin and end a text. */
    public static Map<String, Object> byteLevel(Path folder, String pre) throws IOException {
        Map<String, Object> json = json(folder);
        Map<String, Object> keys = vocabulary(json, "gpt2");
        keys.put("tokenizer.ggml.pre", pre);
        List<String> merges = new ArrayList<>();
        for (Object merge : Json.array(Json.object(json.get("model"), "model").get("merges"), "merges")) {
            merges.add(merge instanceof String line
                    ? line
                    : String.join(" ", Json.array(merge, "merge").stream().map(String.class::cast).toList()));
        }
        keys.put("tokenizer.ggml.merges", merges);
        keys.put("tokenizer.ggml.bos_token_id", 0L);
        keys.put("tokenizer.ggml.eos_token_id", 1L);
        return keys;
    }

    /** Keys for GPT-2, from its original files. */
    static Map<String, Object> gpt2() throws IOException {
        TreeMap<Integer, String> tokens = new TreeMap<>();
        TestData.json("tokenizers/gpt2/encoder.json").forEach((token, id) -> tokens.put(((Long) id).intValue(), token));
        int[] types = new int[tokens.size()];
        for (int id = 0; id < types.length; id++) {
            types[id] = tokens.get(id).equals("<|endoftext|>") ? CONTROL : NORMAL;
        }
        Map<String, Object> keys = keys("gpt2", List.copyOf(tokens.values()), types);
        keys.put("tokenizer.ggml.pre", "gpt-2");
        keys.put("tokenizer.ggml.merges", Files.readAllLines(TestData.path("tokenizers/gpt2/vocab.bpe")).stream()
                .filter(line -> !line.startsWith("#version") && !line.isEmpty()).toList());
        return keys;
    }

    /** Keys for a folder whose tokenizer.json was made from a SentencePiece model; its scores order the merges. */
    static Map<String, Object> scored(Path folder) throws IOException {
        Map<String, Object> json = json(folder);
        Map<String, Object> keys = vocabulary(json, "llama");
        Map<String, Float> scoreOf = new HashMap<>();
        for (Object merge : Json.array(Json.object(json.get("model"), "model").get("merges"), "merges")) {
            scoreOf.putIfAbsent(((String) merge).replace(" ", ""), (float) -scoreOf.size());
        }
        List<?> tokens = (List<?>) keys.get("tokenizer.ggml.tokens");
        int[] types = (int[]) keys.get("tokenizer.ggml.token_type");
        float[] scores = new float[types.length];
        for (int id = 0; id < types.length; id++) {
            String token = (String) tokens.get(id);
            if (token.matches("<0x[0-9A-F]{2}>")) {
                types[id] = BYTE;
            } else if (token.equals("<unk>")) {
                types[id] = UNKNOWN;
            }
            scores[id] = scoreOf.getOrDefault(token, -1e6f);
        }
        keys.put("tokenizer.ggml.scores", scores);
        keys.put("tokenizer.ggml.bos_token_id", 1L);
        keys.put("tokenizer.ggml.eos_token_id", 2L);
        return keys;
    }

    /** Random tokens of the letters a and b, each made of two others, with scores that fall. */
    static Map<String, Object> overlapping(Random random) {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add("<0x%02X>".formatted(b));
        }
        List<String> parts = new ArrayList<>(List.of("a", "b", "\u2581"));
        Set<String> made = new LinkedHashSet<>();
        while (made.size() < 30) {
            String token = parts.get(random.nextInt(parts.size())) + parts.get(random.nextInt(parts.size()));
            if (token.length() < 12 && made.add(token)) {
                parts.add(token);
            }
        }
        tokens.addAll(made);
        tokens.addAll(List.of("a", "b", "\u2581"));
        int[] types = new int[tokens.size()];
        float[] scores = new float[types.length];
        for (int id = 0; id < types.length; id++) {
            types[id] = id < 256 ? BYTE : NORMAL;
            scores[id] = -id;
        }
        Map<String, Object> keys = keys("llama", tokens, types);
        keys.put("tokenizer.ggml.scores", scores);
        return keys;
    }

    private static Map<String, Object> json(Path folder) throws IOException {
        return TestData.json(folder.resolve("tokenizer.json"));
    }

    private static Map<String, Object> vocabulary(Map<String, Object> json, String model) {
        TreeMap<Integer, String> tokens = new TreeMap<>();
        Json.object(Json.object(json.get("model"), "model").get("vocab"), "vocab")
                .forEach((token, id) -> tokens.put(((Long) id).intValue(), token));
        Map<Integer, Integer> types = new HashMap<>();
        for (Object token : Json.array(json.get("added_tokens"), "added_tokens")) {
            Map<String, Object> added = Json.object(token, "added");
            int id = ((Long) added.get("id")).intValue();
            tokens.put(id, (String) added.get("content"));
            types.put(id, Boolean.TRUE.equals(added.get("special")) ? CONTROL : USER_DEFINED);
        }
        int[] tokenTypes = new int[tokens.lastKey() + 1];
        List<String> list = new ArrayList<>();
        for (int id = 0; id < tokenTypes.length; id++) {
            list.add(tokens.getOrDefault(id, "[PAD" + id + "]"));
            tokenTypes[id] = types.getOrDefault(id, NORMAL);
        }
        return keys(model, list, tokenTypes);
    }
}
