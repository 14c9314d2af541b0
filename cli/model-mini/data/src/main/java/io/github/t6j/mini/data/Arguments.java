package io.github.t6j.mini.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Command lines of pairs of an option and its value. */
final class Arguments {
    private Arguments() {}

    /** Returns the values by their options, or null if an argument is not one of {@code known}. */
    static Map<String, String> parse(String[] args, String... known) {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 0; i + 1 < args.length && List.of(known).contains(args[i]); i += 2) {
            options.put(args[i], args[i + 1]);
        }
        return args.length == 2 * options.size() ? options : null;
    }
}
