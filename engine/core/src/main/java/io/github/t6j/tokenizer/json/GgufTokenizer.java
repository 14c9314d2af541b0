package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.TextMarks;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Nfc;
import io.github.t6j.tokenizer.split.Normalizer;
import io.github.t6j.tokenizer.split.Splitters;
import io.github.t6j.weights.gguf.EndTokens;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads the tokenizer in the keys {@code tokenizer.ggml.…} of a GGUF file. Model {@code gpt2} is byte-level with a list
 * of merges, and {@code pre} names its splitter; model {@code llama} is SentencePiece with scores.
 */
public final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final Set<Object> NO_MODEL = Set.of("no_vocab", "none");
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final String BYTE_LEVEL = "gpt2";
    private static final String OLALA = "dragon"; // architecture

    /** Key of tokenizer_config.json → key of the id here. */
    private static final Map<String, String> SPECIAL = new TreeMap<>(Map.of(
            "bos_token", "bos_token_id", "eos_token", "eos_token_id", "unk_token", "unknown_token_id",
            "pad_token", "padding_token_id", "sep_token", "seperator_token_id", "cls_token", "cls_token_id",
            "mask_token", "mask_token_id"));

    /**
     * Names of splitters in llama.cpp (src/llama-vocab.cpp), mapped to names in {@link Splitters}. For gpt-4o, t6j uses
     * the published expression, which llama.cpp quotes. Its code, however, does not count marks, {@code \p{M}}, as
     * letters.
     */
    private static final Map<String, String> SPLITTERS = Map.ofEntries(
            Map.entry("gpt-2", "gpt-2"), Map.entry("llama-bpe", "llama3"), Map.entry("llama3", "llama3"),
            Map.entry("llama-v3", "llama3"), Map.entry("qwen2", "qwen2"), Map.entry("deepseek-r1-qwen", "qwen2"),
            Map.entry("smollm", "smollm"),
            Map.entry("refact", "smollm"), Map.entry("tekken", "tekken"), Map.entry("dbrx", "cl100k"),
            Map.entry("smaug-bpe", "cl100k"), Map.entry("gpt-4o", "o200k"));
    /** Splitters of models that look up whole pieces before merging, and whose texts begin with an id. */
    private static final Set<String> WHOLE = Set.of("llama3", "tekken");

    private static final String START_OF_TURN = "<start_of_turn>"; // of Gemma, which some files call a normal token

    /** Control tokens of Phi-3 without {@code rstrip}, which a GGUF file does not state. */
    private static final Set<String> NOT_STRIPPING = Set.of("<unk>", "<s>", TokenizerDefinition.END_OF_TEXT);

    // token types
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;

    private final Map<String, Object> keys;
    private final String where;
    private final List<String> tokens;
    private final int[] types;

    private GgufTokenizer(Map<String, Object> keys, String where) {
        this.keys = keys;
        this.where = where;
        tokens = strings("tokens");
        types = get("token_type", int[].class, null);
        if (types != null && types.length != tokens.size()) {
            throw error("token_type", "a type for each of " + tokens.size() + " tokens", types.length);
        }
    }

    /**
     * Reads the keys' tokenizer.
     *
     * @param where name of the file in errors
     * @throws ModelFormatException if its kind is not supported
     */
    public static TokenizerDefinition read(Map<String, Object> keys, String where) {
        return new GgufTokenizer(keys, where).definition();
    }

    /**
     * Returns the same tokenizer as Hugging Face files: tokenizer.json, and tokenizer_config.json with the special
     * tokens' texts and the chat template.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> files(Map<String, Object> keys, String where) {
        GgufTokenizer tokenizer = new GgufTokenizer(keys, where);
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put(TokenizerFiles.TOKENIZER_JSON, json(TokenizerJsonWriter.json(
                tokenizer.definition(), tokenizer.normalizers())));
        files.put(TokenizerConfig.NAME, json(tokenizer.config()));
        return files;
    }

    private static byte[] json(Map<String, Object> json) {
        return Json.write(json).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns true if the file has a tokenizer. llama.cpp writes a model key even if it has none. */
    public static boolean isIn(Map<String, Object> keys) {
        Object model = keys.get(PREFIX + "model");
        return model != null && !NO_MODEL.contains(model);
    }

    private boolean isByteLevel() {
        return BYTE_LEVEL.equals(keys.get(PREFIX + "model"));
    }

    private TokenizerDefinition definition() {
        String model = get("model", String.class, null);
        return switch (model) {
            case BYTE_LEVEL -> byteLevel();
            case "llama" -> sentencePiece();
            default -> throw error("model", "gpt2 or llama", model).asUnsupported();
        };
    }

    /** Returns the name of the splitter. Olala's tokenizer is of Qwen2's kind, whatever name a converter gives it. */
    private String pre() {
        String pre = get("pre", String.class, "none");
        boolean isOlala = OLALA.equals(keys.get("general.architecture"));
        return isOlala && !SPLITTERS.containsKey(pre) ? "qwen2" : pre;
    }

    private String splitter() {
        String pre = pre();
        String splitter = SPLITTERS.get(pre);
        if (splitter == null) {
            throw error("pre", "one of " + SPLITTERS.keySet().stream().sorted().toList(), pre).asUnsupported();
        }
        return splitter;
    }

    private TokenizerDefinition byteLevel() {
        String splitter = splitter();
        String source = where + ": " + PREFIX + "merges";
        List<Merge> merges = new ArrayList<>();
        for (String merge : strings("merges")) {
            merges.add(TokenizerFiles.merge(merge, source));
        }
        boolean whole = WHOLE.contains(splitter);
        List<Normalizer> normalizers = composes() ? List.of(Nfc::normalize) : List.of();
        return TokenizerDefinition.byteLevel(
                where, vocabulary(), new RankedMerges(source, merges), addedTokens(), normalizers,
                Splitters.named(splitter), whole)
                .with(marks(whole));
    }

    /** Returns true if texts are normalised to NFC, which the file does not state: Qwen's are, DeepSeek's are not. */
    private boolean composes() {
        return "qwen2".equals(pre());
    }

    private boolean addsSpace() {
        return get("add_space_prefix", Boolean.class, true);
    }

    /** Returns the definition's normalizers in the form of a tokenizer.json. */
    private List<Map<String, Object>> normalizers() {
        if (isByteLevel()) {
            return composes() ? List.of(TokenizerJsonWriter.part("NFC")) : List.of();
        }
        String mark = String.valueOf(Metaspace.MARK);
        Map<String, Object> spaces =
                TokenizerJsonWriter.part("Replace", "pattern", Map.of("String", " "), "content", mark);
        return addsSpace() ? List.of(TokenizerJsonWriter.part("Prepend", "prepend", mark), spaces) : List.of(spaces);
    }

    /** Returns the keys of tokenizer_config.json, with the class that takes everything from tokenizer.json. */
    private Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.put("clean_up_tokenization_spaces", false);
        SPECIAL.forEach((name, key) -> {
            int id = id(key);
            if (id >= 0) {
                config.put(name, tokens.get(id));
            }
        });
        String template = text(TEMPLATE);
        String forTools = text(TEMPLATE + ".tool_use");
        if (template != null) {
            config.put("chat_template", forTools == null
                    ? template
                    : List.of(Map.of("name", "default", "template", template),
                            Map.of("name", "tool_use", "template", forTools)));
        }
        return config;
    }

    private String text(String key) {
        return keys.get(key) instanceof String text ? text : null;
    }

    private TokenizerDefinition sentencePiece() {
        float[] scores = get("scores", float[].class, null);
        if (scores == null || scores.length != tokens.size()) {
            throw error("scores", "a score for each of " + tokens.size() + " tokens",
                    scores == null ? "none" : scores.length);
        }
        float[] merging = scores.clone();
        for (int id = 0; id < merging.length; id++) {
            int type = type(id);
            if (type == UNKNOWN || type == BYTE || isControl(id)) {
                merging[id] = Float.NaN;
            }
        }
        return TokenizerDefinition.sentencePiece(
                where, vocabulary(), new ScoredTokens(where + ": " + PREFIX + "scores", merging), addedTokens(),
                addsSpace()).with(marks(true));
    }

    private Map<String, Integer> vocabulary() {
        return TokenizerDefinition.vocabulary(where + ": " + PREFIX + "tokens", tokens);
    }

    private int type(int id) {
        return types == null ? NORMAL : types[id];
    }

    private List<AddedToken> addedTokens() {
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (isControl(id) || type(id) == USER_DEFINED) {
                String token = tokens.get(id);
                if (token.length() > AddedToken.LONGEST) {
                    throw error("tokens", "added ones of at most " + AddedToken.LONGEST + " characters",
                            token.length() + " of id " + id);
                }
                added.add(new AddedToken(token, id, isControl(id), false, false, strips(id), false));
            }
        }
        return added;
    }

    private boolean isControl(int id) {
        String token = tokens.get(id);
        return type(id) == CONTROL || EndTokens.contains(token) || token.equals(START_OF_TURN);
    }

    /** Returns true if a token includes the white space after it, as the tokens of Phi-3's template do. */
    private boolean strips(int id) {
        String token = tokens.get(id);
        return "phi3".equals(keys.get("general.architecture")) && !isByteLevel()
                && (isControl(id) && !NOT_STRIPPING.contains(token) || token.equals("</s>"));
    }

    /** @param begins true if prompts begin with an id when {@code add_bos_token} is missing */
    private TextMarks marks(boolean begins) {
        int beginning = id("bos_token_id");
        boolean added = get("add_bos_token", Boolean.class, begins);
        int end = id("eos_token_id");
        boolean ends = get("add_eos_token", Boolean.class, false) && end >= 0;
        return new TextMarks(
                added ? beginning : TokenizerDefinition.NONE, beginning, end, ends ? List.of(end) : List.of());
    }

    private int id(String key) {
        long id = get(key, Long.class, (long) TokenizerDefinition.NONE);
        if (id >= tokens.size()) {
            throw error(key, "an id below " + tokens.size(), id);
        }
        return (int) id;
    }

    /** Returns the value of a key, or {@code absent}; the parser of the file determines the Java type of a value. */
    private <T> T get(String key, Class<T> type, T absent) {
        Object value = keys.get(PREFIX + key);
        if (value != null && !type.isInstance(value)) {
            throw error(key, "a value of type " + type.getSimpleName(), "one of another type");
        }
        return value == null ? absent : type.cast(value);
    }

    private List<String> strings(String key) {
        List<?> list = get(key, List.class, List.of());
        List<String> strings = new ArrayList<>(list.size());
        for (Object value : list) {
            if (!(value instanceof String text)) {
                throw error(key, "texts", value);
            }
            strings.add(text);
        }
        return strings;
    }

    private ModelFormatException error(String key, String expected, Object found) {
        return new ModelFormatException(where + ": " + PREFIX + key + ": expected " + expected + ", found " + found);
    }
}
