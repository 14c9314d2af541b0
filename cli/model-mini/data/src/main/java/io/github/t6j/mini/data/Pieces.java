package io.github.t6j.mini.data;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Made-up words of pieces of the tokenizer. Without them about 530 of its tokens stand in no sentence of the data,
 * because longer tokens always replace them there. A model cannot copy a token that it has never met, and misspells
 * new names and words that need it.
 */
final class Pieces {
    private static final Map<String, List<String>> TABLE = Lines.sections("tables/pieces.txt").entrySet().stream()
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey,
                    part -> List.of(String.join("|", part.getValue()).split("\\|"))));
    private static final Set<String> NOWHERE = Stream.concat(
            Names.unseen().stream(), Lines.of("tables/unseen-words.txt").stream())
            .map(word -> word.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    private static final WordFilter OFFENSIVE = WordFilter.offensive();
    private static final double THREE = 0.3;
    private static final int SHORTEST = 4;
    private static final int LONGEST = 11;

    private Pieces() {}

    /** Returns a word in small letters. */
    static String word(RandomGenerator random) {
        return of(random, TABLE.get("first"));
    }

    /** Returns a word that begins with one of several pieces, in small letters. */
    static String of(RandomGenerator random, List<String> first) {
        while (true) {
            String word =
                    Topic.pick(first, random) + later(random) + (random.nextDouble() < THREE ? later(random) : "");
            String small = word.toLowerCase(Locale.ROOT);
            if (small.length() >= SHORTEST && small.length() <= LONGEST && isAllowed(small)) {
                return small;
            }
        }
    }

    /** Returns whether training may have a made-up word: it offends nobody and is not held out. */
    static boolean isAllowed(String word) {
        return !NOWHERE.contains(word.toLowerCase(Locale.ROOT)) && !OFFENSIVE.isOffensive(word);
    }

    private static String later(RandomGenerator random) {
        return Topic.pick(TABLE.get("later"), random);
    }
}
