package io.github.t6j.family;

import io.github.t6j.attention.LayerOptions;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which layers see a window, and which do not rotate; each of the family's classes has rules of its own.
 *
 * @param layers how many there are
 */
record LlamaLayers(ConfigJson config, LlamaType type, int layers) {
    private static final int DEFAULT_WINDOW = 4096;
    private static final String SLIDING = "sliding_attention";

    LayerOptions options(float normEpsilon) {
        SortedSet<Integer> unrotated = type == LlamaType.SMOLLM3 ? unrotated() : new TreeSet<>();
        SortedSet<Integer> windowed = windowed(unrotated);
        return new LayerOptions(normEpsilon, unrotated, windowed.isEmpty() ? 0 : window(), windowed);
    }

    private int window() {
        return config.optional("sliding_window", DEFAULT_WINDOW);
    }

    private SortedSet<Integer> which(IntPredicate layer) {
        return IntStream.range(0, layers).filter(layer).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    /** no_rope_layers has a 1 for each layer that rotates; without it, every fourth does not. */
    private SortedSet<Integer> unrotated() {
        List<?> rotated = config.list("no_rope_layers");
        if (!rotated.isEmpty()) {
            checkLength("no_rope_layers", rotated);
            return which(layer -> rotated.get(layer) instanceof Long one && one == 0);
        }
        int interval = config.optional("no_rope_layer_interval", 4);
        return which(layer -> (layer + 1) % interval == 0);
    }

    /** null: none; no such key: the class's default. */
    private boolean mayHaveWindow() {
        return config.has("sliding_window") || !config.mentions("sliding_window");
    }

    private SortedSet<Integer> windowed(SortedSet<Integer> unrotated) {
        return switch (type) {
            case LLAMA -> new TreeSet<>();
            case MISTRAL -> which(layer -> mayHaveWindow());
            case QWEN2, QWEN3 -> {
                int first = config.countOr("max_window_layers", 28);
                boolean used = config.flag("use_sliding_window", false) && mayHaveWindow();
                yield byType(used, which(layer -> layer >= first));
            }
            case SMOLLM3 -> config.has("sliding_window")
                    ? byType(config.flag("use_sliding_window", false) || !config.list("layer_types").isEmpty(),
                            unrotated)
                    : byType(false, unrotated);
        };
    }

    /**
     * The layers with a window: those that layer_types says, else {@code otherwise}.
     *
     * @param used whether there are any
     */
    private SortedSet<Integer> byType(boolean used, SortedSet<Integer> otherwise) {
        List<?> types = config.list("layer_types");
        if (types.isEmpty()) {
            return used ? otherwise : new TreeSet<>();
        }
        checkLength("layer_types", types);
        if (!used && types.contains(SLIDING)) {
            throw config.wrong("layer_types", "no " + SLIDING + " where windows are not used", SLIDING);
        }
        return which(layer -> SLIDING.equals(types.get(layer)));
    }

    private void checkLength(String key, List<?> list) {
        if (list.size() != layers) {
            throw config.wrong(key, "one entry for each of " + layers + " layers", list.size());
        }
    }
}
