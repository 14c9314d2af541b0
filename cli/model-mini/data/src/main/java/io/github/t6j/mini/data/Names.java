package io.github.t6j.mini.data;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names of persons, pets and places: of the whole world, and made-up ones, more than a model can memorise. */
final class Names {
    private static final Map<String, List<String>> SYLLABLES =
            Lines.sections("tables/syllables.txt").entrySet().stream().collect(
                    Collectors.toUnmodifiableMap(Map.Entry::getKey,
                            part -> List.of(part.getValue().getFirst().split("\\|"))));
    private static final List<String> UNSEEN = Lines.of("tables/unseen-names.txt");
    private static final Pattern HARD = Pattern.compile("(?i)[aeiou]{3}|aa|ii|uu|[^aeiouy]{4}");
    private static final List<String> ACCENTED =
            List.of("aá", "aå", "aä", "aã", "eé", "eè", "eê", "eë", "ií", "iï", "oó", "oö", "oø", "uú", "uü");
    private static final double ACCENT = 0.15;
    private static final double LONG = 0.45;
    private static final int LONGEST = 10;
    private static final double OF_PIECES = 0.4;

    private Names() {}

    /** Returns the names that training never has. */
    static List<String> unseen() {
        return UNSEEN;
    }

    /** Returns a name that no table has, perhaps made up. */
    static String madeUp(RandomGenerator random) {
        if (random.nextDouble() < OF_PIECES) {
            return English.capital(Pieces.of(random, SYLLABLES.get("first")));
        }
        while (true) {
            String name = part("first", random) + part("vowel", random)
                    + (random.nextDouble() < LONG ? part("middle", random) + part("vowel", random) : "")
                    + part("last", random);
            String word = English.capital(name.toLowerCase(Locale.ROOT));
            if (word.length() >= 3 && word.length() <= LONGEST && !HARD.matcher(word).find()
                    && Pieces.isAllowed(word)) {
                return accented(word, random);
            }
        }
    }

    private static String accented(String name, RandomGenerator random) {
        String letter = Topic.pick(ACCENTED, random);
        return random.nextDouble() < ACCENT
                ? name.charAt(0) + name.substring(1).replaceFirst(letter.substring(0, 1), letter.substring(1))
                : name;
    }

    private static String part(String name, RandomGenerator random) {
        return Topic.pick(SYLLABLES.get(name), random);
    }
}
