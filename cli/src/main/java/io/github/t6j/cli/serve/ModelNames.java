package io.github.t6j.cli.serve;

import java.util.ArrayList;
import java.util.List;

/**
 * Names by which requests may ask for the model.
 *
 * @param name name of the model, which answers have
 * @param aliases other names; {@link #ANY} stands for all
 */
record ModelNames(String name, List<String> aliases) {
    /** Alias that accepts every name. */
    static final String ANY = "*";

    ModelNames {
        aliases = aliases.stream().distinct().filter(alias -> !alias.equals(name)).toList();
    }

    /** Returns the names that lists of models have. */
    List<String> listed() {
        List<String> listed = new ArrayList<>(List.of(name));
        listed.addAll(aliases);
        listed.remove(ANY);
        return listed;
    }

    /** @throws ApiException if {@code asked} is another model */
    void check(String asked) {
        if (!asked.equals(name) && !aliases.contains(asked) && !aliases.contains(ANY)) {
            throw ApiException.notFound(
                    "model: expected \"" + name + "\", the loaded model, or none, found \"" + asked + "\"",
                    "model_not_found");
        }
    }
}
