package io.github.t6j.cli.config;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.io.Threads;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Option whose default the configuration file may set. */
enum Key {
    MODEL("a model", text -> !text.isEmpty()),
    THREADS("1 to " + Threads.max(), text -> isWhole(text, 1, Threads.max())),
    CACHE_TYPE(String.join(", ", Choice.words(CacheType.class)), Choice.words(CacheType.class)::contains),
    HOST("an address", text -> !text.isEmpty()),
    PORT("0 to 65535", text -> isWhole(text, 0, 65535));

    private final String expected;
    private final Predicate<String> accepts;

    Key(String expected, Predicate<String> accepts) {
        this.expected = expected;
        this.accepts = accepts;
    }

    private static boolean isWhole(String text, int min, int max) {
        return text.matches("\\d{1,9}") && Integer.parseInt(text) >= min && Integer.parseInt(text) <= max;
    }

    /** Returns the name in the file: the option's, without its leading hyphens. */
    String word() {
        return Choice.word(this);
    }

    String option() {
        return "--" + word();
    }

    /** Returns the values that the key takes, for messages. */
    String expected() {
        return expected;
    }

    boolean accepts(String value) {
        return accepts.test(value);
    }

    static List<String> words() {
        return Arrays.stream(values()).map(Key::word).toList();
    }

    static Optional<Key> of(String word) {
        return Arrays.stream(values()).filter(key -> key.word().equals(word)).findFirst();
    }
}
