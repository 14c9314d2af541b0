package io.github.t6j.family;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Pooling;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Steps from hidden states to embeddings, as a model's files state them: sentence-transformers' modules.json and the
 * config.json of its pooling, or the key pooling_type of a GGUF file.
 *
 * @param pooling the pooling, or null if no file states one
 * @param normalized true if embeddings have length 1, also if no file states it
 * @param unsupported reason why the engine cannot compute the model's embeddings, or null
 */
public record EmbeddingJson(Pooling pooling, boolean normalized, String unsupported) {
    /** Steps of a model without any of these files. */
    static final EmbeddingJson NONE = new EmbeddingJson(null, true, null);

    static final String MODULES_FILE = "modules.json";
    static final String POOLING_FILE = "1_Pooling/config.json";

    private static final String MODE = "pooling_mode";
    private static final Map<String, Pooling> FLAGS = new TreeMap<>(
            Map.of("mean_tokens", Pooling.MEAN, "lasttoken", Pooling.LAST, "cls_token", Pooling.CLS));
    private static final Map<String, Pooling> MODES = new TreeMap<>(FLAGS);
    static {
        MODES.putAll(Map.of("mean", Pooling.MEAN, "cls", Pooling.CLS));
    }
    /** llama.cpp's numbers; 0 means that the file states none. */
    private static final List<Pooling> GGUF = List.of(Pooling.MEAN, Pooling.CLS, Pooling.LAST);

    /**
     * Returns the steps that a GGUF file states, or {@code otherwise} if it states none.
     *
     * @param keys keys of the file, or none
     */
    public static EmbeddingJson ofGguf(Map<String, Object> keys, EmbeddingJson otherwise) {
        String key = keys.get("general.architecture") + ".pooling_type";
        if (!(keys.get(key) instanceof Long type) || type == 0) {
            return otherwise;
        }
        return type >= 1 && type <= GGUF.size()
                ? new EmbeddingJson(GGUF.get(type.intValue() - 1), true, null)
                : new EmbeddingJson(null, true, key + ": expected 1 (mean), 2 (cls) or 3 (last), found " + type);
    }

    /**
     * Returns sentence-transformers' files of a GGUF file that states a pooling, by name; empty if it states none, or
     * one that is not supported.
     *
     * @param width dimensions of an embedding
     */
    public static Map<String, byte[]> filesOfGguf(Map<String, Object> keys, long width) {
        Pooling pooling = ofGguf(keys, NONE).pooling();
        if (pooling == null) {
            return Map.of();
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("word_embedding_dimension", width);
        FLAGS.forEach((name, flag) -> config.put(MODE + "_" + name, flag == pooling));
        List<Object> modules = new ArrayList<>();
        for (String module : List.of("Transformer", "Pooling", "Normalize")) {
            String index = String.valueOf(modules.size());
            Map<String, Object> described = new LinkedHashMap<>();
            described.put("idx", (long) modules.size());
            described.put("name", index);
            described.put("path", modules.isEmpty() ? "" : index + "_" + module);
            described.put("type", "sentence_transformers.models." + module);
            modules.add(described);
        }
        return Map.of(MODULES_FILE, bytes(modules), POOLING_FILE, bytes(config));
    }

    /** @throws ModelFormatException if the engine cannot compute the embeddings of {@code model} */
    public EmbeddingOptions options(Path model) {
        if (unsupported != null) {
            throw ModelFormatException.unsupported(model + ": " + unsupported
                    + ": choose a pooling to embed texts in another way than the model was trained for");
        }
        return EmbeddingOptions.defaults().withNormalized(normalized)
                .withPooling(pooling == null ? Pooling.MEAN : pooling);
    }

    private static byte[] bytes(Object json) {
        return Json.write(json).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the types of the modules in a modules.json, without their packages. */
    static List<String> modules(Object json, String where) {
        return Json.array(json, where).stream().map(module -> {
            if (!(Json.object(module, where).get("type") instanceof String type)) {
                throw new ModelFormatException(where + ": expected modules with a type, found " + module);
            }
            return type.substring(type.lastIndexOf('.') + 1);
        }).toList();
    }

    /**
     * Returns the steps that sentence-transformers' files state.
     *
     * @param pooling config.json of the pooling
     * @param modules types of the modules, or null without a modules.json
     */
    static EmbeddingJson of(ConfigJson pooling, List<String> modules) {
        boolean normalized = modules == null || modules.contains("Normalize");
        Set<String> unknownTypes = new TreeSet<>(modules == null ? List.of() : modules);
        unknownTypes.removeAll(List.of("Transformer", "Pooling", "Normalize"));
        if (!unknownTypes.isEmpty()) {
            return new EmbeddingJson(null, normalized,
                    "modules.json: expected the modules Transformer, Pooling and Normalize, found also "
                            + unknownTypes);
        }
        Set<Pooling> found = EnumSet.noneOf(Pooling.class);
        Set<String> unknown = new TreeSet<>();
        for (String mode : modes(pooling)) {
            if (MODES.containsKey(mode)) {
                found.add(MODES.get(mode));
            } else {
                unknown.add(mode);
            }
        }
        return found.size() == 1 && unknown.isEmpty()
                ? new EmbeddingJson(found.iterator().next(), normalized, null)
                : new EmbeddingJson(null, normalized, pooling.where() + ": expected one pooling of mean, lasttoken and"
                        + " cls, found " + modes(pooling));
    }

    /** Returns the names of the chosen modes: pooling_mode itself, or the flags that begin with it. */
    private static Set<String> modes(ConfigJson pooling) {
        return pooling.has(MODE)
                ? pooling.list(MODE).stream().map(String::valueOf).collect(Collectors.toCollection(TreeSet::new))
                : pooling.values().keySet().stream()
                        .filter(key -> key.startsWith(MODE + "_") && pooling.flag(key, false))
                        .map(key -> key.substring(MODE.length() + 1)).collect(Collectors.toCollection(TreeSet::new));
    }
}
