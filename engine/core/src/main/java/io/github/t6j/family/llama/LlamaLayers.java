package io.github.t6j.family.llama;

import io.github.t6j.attention.LayerOptions;
import io.github.t6j.family.ConfigJson;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Determines which layers have a window and which do not rotate; the rules depend on the model's class.
 *
 * @param layers number of layers
 */
record LlamaLayers(ConfigJson config, LlamaType type, int layers) {
    private static final int DEFAULT_WINDOW = 4096;

    /** Value of layer_types of a layer with a sliding window. */
    static final String SLIDING = "sliding_attention";

    /** Value of layer_types of a layer that sees all positions. */
    static final String FULL = "full_attention";

    LayerOptions options(float normEpsilon) {
        SortedSet<Integer> unrotated = type == LlamaType.SMOLLM3 ? unrotated() : new TreeSet<>();
        SortedSet<Integer> windowed = windowed(unrotated);
        return new LayerOptions(normEpsilon, unrotated,
                windowed.isEmpty() ? 0 : config.optional("sliding_window", DEFAULT_WINDOW), windowed);
    }

    private SortedSet<Integer> which(IntPredicate layer) {
        return IntStream.range(0, layers).filter(layer).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Returns the layers without RoPE. In no_rope_layers, 1 marks a layer that rotates; without the key, every fourth
     * layer does not rotate.
     */
    private SortedSet<Integer> unrotated() {
        List<?> rotated = config.list("no_rope_layers");
        if (!rotated.isEmpty()) {
            checkLength("no_rope_layers", rotated);
            return which(layer -> rotated.get(layer) instanceof Long flag && flag == 0);
        }
        int interval = config.optional("no_rope_layer_interval", 4);
        return which(layer -> (layer + 1) % interval == 0);
    }

    /** Returns true if windows are possible: not if the key is null; the class's default if it is missing. */
    private boolean mayHaveWindow() {
        return config.has("sliding_window") || !config.mentions("sliding_window");
    }

    private SortedSet<Integer> windowed(SortedSet<Integer> unrotated) {
        return switch (type) {
            case LLAMA, GRANITE -> new TreeSet<>();
            case PHI3 -> { // Phi-4-mini states a window that is longer than its context
                int context = config.optional("max_position_embeddings", type.contextLength);
                yield which(layer -> config.optional("sliding_window", context) < context);
            }
            case GEMMA2, GEMMA3_TEXT -> {
                if (!mayHaveWindow()) {
                    throw config.wrong("sliding_window", "a whole number from 1", "null");
                }
                int full = type == LlamaType.GEMMA2 ? 2 : config.optional("sliding_window_pattern", 6);
                yield byType(true, which(layer -> (layer + 1) % full != 0));
            }
            case MISTRAL -> which(layer -> mayHaveWindow());
            case QWEN2, QWEN3 -> {
                int first = config.countOr("max_window_layers", 28);
                boolean used = config.flag("use_sliding_window", false) && mayHaveWindow();
                yield byType(used, which(layer -> layer >= first));
            }
            case QWEN3_MOE -> which(layer -> config.flag("use_sliding_window", false) && mayHaveWindow());
            case MIXTRAL -> which(layer -> config.has("sliding_window"));
            case SMOLLM3 -> byType(
                    config.has("sliding_window")
                            && (config.flag("use_sliding_window", false) || !config.list("layer_types").isEmpty()),
                    unrotated);
        };
    }

    /**
     * Returns the layers to which layer_types gives a window, or {@code otherwise} if the key is missing.
     *
     * @param used true if the model uses windows
     */
    private SortedSet<Integer> byType(boolean used, SortedSet<Integer> otherwise) {
        List<?> types = config.list("layer_types");
        if (types.isEmpty()) {
            return used ? otherwise : new TreeSet<>();
        }
        checkLength("layer_types", types);
        for (Object entry : types) {
            if (!SLIDING.equals(entry) && !FULL.equals(entry)) {
                throw config.wrong("layer_types", SLIDING + " or full_attention", entry).asUnsupported();
            }
        }
        if (!used && types.contains(SLIDING)) {
            throw config.wrong("layer_types", "no " + SLIDING + ", since windows are disabled", SLIDING);
        }
        return which(layer -> SLIDING.equals(types.get(layer)));
    }

    private void checkLength(String key, List<?> list) {
        if (list.size() != layers) {
            throw config.wrong(key, "one entry for each of " + layers + " layers", list.size());
        }
    }
}
