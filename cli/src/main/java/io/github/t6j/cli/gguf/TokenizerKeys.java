package io.github.t6j.cli.gguf;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.split.Splitter;
import io.github.t6j.tokenizer.split.Splitters;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Keys of a GGUF file for the tokenizer of a tokenizer.json: byte-level BPE (llama.cpp's gpt2), or SentencePiece's BPE
 * (llama), whose merges become scores.
 */
final class TokenizerKeys {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final String TOKENIZER = "tokenizer.json";
    private static final String TEMPLATE = "chat_template";
    /** Names in llama.cpp of the splitters in {@link Splitters}. */
    private static final Map<String, String> PRE = Map.of("gpt-2", "gpt-2", "llama3", "llama-bpe", "qwen2", "qwen2",
            "smollm", "smollm", "tekken", "tekken", "o200k", "gpt-4o");
    private static final List<String> SPECIAL = List.of("bos", "eos", "unk", "pad");
    private static final Map<String, String> ID_KEYS = Map.of("bos", "bos_token_id", "eos", "eos_token_id", "unk",
            "unknown_token_id", "pad", "padding_token_id");

    // types of tokens
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    private final Map<String, byte[]> files;
    private final String where;
    private final Map<String, Object> json;
    private final Map<String, Object> model;
    private final Map<String, Object> config; // tokenizer_config.json; empty if it is missing
    private final Map<String, Object> keys = new LinkedHashMap<>();
    private final String[] tokens;
    private final int[] types;

    private TokenizerKeys(Map<String, byte[]> files, String where, int vocabulary) {
        this.files = files;
        this.where = where + ": " + TOKENIZER;
        json = Json.parseObject(files.get(TOKENIZER), this.where);
        model = Json.object(json.get("model"), this.where + ": model");
        config = files.containsKey("tokenizer_config.json")
                ? Json.parseObject(files.get("tokenizer_config.json"), where + ": tokenizer_config.json")
                : Map.of();
        tokens = new String[vocabulary];
        types = new int[vocabulary];
    }

    /**
     * Returns the keys of a folder's tokenizer; without one, the key of a file that has none.
     *
     * @param files the tokenizer's files by name
     * @param where name of the folder in errors
     * @param tokenizer the same tokenizer, or null
     * @param vocabulary number of rows of the embedding
     * @throws CommandFailure if llama.cpp has no such tokenizer
     */
    static Map<String, Object> of(Map<String, byte[]> files, String where, Tokenizer tokenizer, int vocabulary) {
        if (tokenizer == null) {
            return Map.of(PREFIX + "model", "no_vocab");
        }
        if (!files.containsKey(TOKENIZER)) {
            throw new CommandFailure(where + ": --to-gguf: expected a tokenizer.json, found a tokenizer without one");
        }
        if (tokenizer.size() > vocabulary) {
            throw new CommandFailure(where + ": --to-gguf: expected a tokenizer of at most " + vocabulary
                    + " ids, the rows of the embedding, found " + tokenizer.size());
        }
        return new TokenizerKeys(files, where, vocabulary).keys(tokenizer);
    }

    private Map<String, Object> keys(Tokenizer tokenizer) {
        if (!"BPE".equals(model.getOrDefault("type", "BPE"))) {
            throw refused("model: type", "BPE", model.get("type"));
        }
        addTokens();
        boolean isByteLevel = parts(json.get("pre_tokenizer")).stream().anyMatch(part -> isOf(part, "ByteLevel"));
        if (isByteLevel) {
            byteLevel();
        } else {
            sentencePiece();
        }
        put("tokens", List.of(tokens));
        put("token_type", types);
        addIds();
        int[] empty = tokenizer.encodePrompt("");
        put("add_bos_token", empty.length > 0 && empty[0] == tokenizer.beginningOfText());
        addTemplates();
        return keys;
    }

    private void put(String key, Object value) {
        keys.put(PREFIX + key, value);
    }

    private void addTokens() {
        Json.object(model.get("vocab"), where + ": model: vocab")
                .forEach((token, id) -> set(token, (Long) id, NORMAL));
        if (json.get("added_tokens") instanceof List<?> added) {
            for (Object entry : added) {
                Map<String, Object> token = Json.object(entry, where + ": added_tokens");
                set((String) token.get("content"), (Long) token.get("id"),
                        Boolean.TRUE.equals(token.get("special")) ? CONTROL : USER_DEFINED);
            }
        }
        for (int id = 0; id < tokens.length; id++) {
            if (tokens[id] == null) {
                set("[PAD" + id + "]", (long) id, UNUSED);
            }
        }
    }

    private void set(String token, Long id, int type) {
        tokens[id.intValue()] = token;
        types[id.intValue()] = type;
    }

    private List<String> merges() {
        List<String> merges = new ArrayList<>();
        for (Object merge : Json.array(model.get("merges"), where + ": model: merges")) {
            merges.add(merge instanceof List<?> pair ? pair.get(0) + " " + pair.get(1) : (String) merge);
        }
        return merges;
    }

    private void byteLevel() {
        put("model", "gpt2");
        put("pre", pre());
        put("merges", merges());
    }

    /** Returns llama.cpp's name of the splitter. */
    private String pre() {
        List<Splitter> splitters = new ArrayList<>();
        for (Map<String, Object> part : parts(json.get("pre_tokenizer"))) {
            if (isOf(part, "Split")) {
                Map<String, Object> pattern = Json.object(part.get("pattern"), where + ": pre_tokenizer: pattern");
                splitters.add(Splitters.ofRegex(String.valueOf(pattern.get("Regex"))));
            } else if (isOf(part, "Digits")) {
                splitters
                        .add(Boolean.TRUE.equals(part.get("individual_digits")) ? Splitters.DIGITS : Splitters.NUMBERS);
            } else if (isOf(part, "ByteLevel") && !Boolean.FALSE.equals(part.get("use_regex"))) {
                splitters.add(Splitters.GPT2);
            }
        }
        String name = PRE.keySet().stream().filter(each -> Splitters.named(each).equals(splitters)).findFirst()
                .orElseThrow(() -> refused("pre_tokenizer", "one of " + PRE.keySet().stream().sorted().toList(),
                        "another"));
        boolean composes = parts(json.get("normalizer")).stream().anyMatch(part -> isOf(part, "NFC"));
        return switch (name) {
            case "llama3" -> Boolean.TRUE.equals(model.get("ignore_merges")) ? PRE.get(name) : "dbrx";
            case "qwen2" -> composes ? PRE.get(name) : "deepseek-r1-qwen";
            default -> PRE.get(name);
        };
    }

    /** Scores a token by the rank of its first merge: SentencePiece merges the pair of the highest score first. */
    private void sentencePiece() {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        for (String merge : merges()) {
            ranks.putIfAbsent(merge.replaceFirst(" ", ""), ranks.size());
        }
        float[] scores = new float[tokens.length];
        for (int id = 0; id < tokens.length; id++) {
            scores[id] = ranks.containsKey(tokens[id]) ? -ranks.get(tokens[id]) : 0;
            if (tokens[id].equals(model.get("unk_token"))) {
                types[id] = UNKNOWN;
            } else if (tokens[id].matches("<0x[0-9A-F]{2}>")) {
                types[id] = BYTE;
            }
        }
        boolean addsSpace = parts(json.get("normalizer")).stream().anyMatch(part -> isOf(part, "Prepend"))
                || parts(json.get("pre_tokenizer")).stream().anyMatch(part -> isOf(part, "Metaspace")
                        && !Boolean.FALSE.equals(part.get("add_prefix_space"))
                        && !"never".equals(part.get("prepend_scheme")));
        put("model", "llama");
        put("pre", "default");
        put("scores", scores);
        put("add_space_prefix", addsSpace);
    }

    /** Returns the parts of a normalizer or pre-tokenizer, which may be a sequence. */
    private List<Map<String, Object>> parts(Object part) {
        if (part == null) {
            return List.of();
        }
        Map<String, Object> whole = Json.object(part, where);
        for (String list : List.of("normalizers", "pretokenizers")) {
            if (whole.get(list) instanceof List<?> inner) {
                return inner.stream().flatMap(each -> parts(each).stream()).toList();
            }
        }
        return List.of(whole);
    }

    private static boolean isOf(Map<String, Object> part, String type) {
        return type.equals(part.get("type"));
    }

    /** Adds the ids of special tokens, which tokenizer_config.json names by their texts. */
    private void addIds() {
        for (String name : SPECIAL) {
            Object named = config.get(name + "_token");
            Object text = named instanceof Map<?, ?> token ? token.get("content") : named;
            IntStream.range(0, tokens.length).filter(id -> tokens[id].equals(text)).findFirst()
                    .ifPresent(id -> put(ID_KEYS.get(name), id));
        }
    }

    private void addTemplates() {
        byte[] file = files.get(TEMPLATE + ".jinja");
        if (file != null) {
            keys.put("tokenizer." + TEMPLATE, new String(file, StandardCharsets.UTF_8));
        } else if (config.get(TEMPLATE) instanceof String text) {
            keys.put("tokenizer." + TEMPLATE, text);
        } else if (config.get(TEMPLATE) instanceof List<?> several) {
            for (Object entry : several) {
                Map<String, Object> named = Json.object(entry, where + ": " + TEMPLATE);
                boolean isDefault = "default".equals(named.get("name"));
                keys.put("tokenizer." + TEMPLATE + (isDefault ? "" : "." + named.get("name")), named.get("template"));
            }
        }
    }

    private CommandFailure refused(String key, String expected, Object found) {
        return new CommandFailure(where + ": " + key + ": expected, for --to-gguf, " + expected + ", found " + found
                + ": llama.cpp has no such tokenizer under a name that t6j knows");
    }

    /** Returns the keys of the tokenizer in a GGUF file, of the types that {@link GgufFile} writes. */
    static Map<String, Object> ofGguf(Map<String, Object> source) {
        Map<String, Object> keys = new LinkedHashMap<>();
        source.forEach((key, value) -> {
            boolean isWritten = value instanceof Long || value instanceof Double || value instanceof Boolean
                    || value instanceof String || value instanceof List<?> || value instanceof int[]
                    || value instanceof float[];
            if (key.startsWith("tokenizer.") && isWritten) {
                keys.put(key, value);
            }
        });
        return keys;
    }
}
